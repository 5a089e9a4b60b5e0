'use strict'

// For each survey a model of Sequelize is defined, and all of them are kept by its model manager.

const { DataTypes, Sequelize } = require('sequelize')

const sequelize = new Sequelize({ dialect: 'mysql', logging: false })

module.exports = {
  holder: [/\bModelManager\b|\bsequelize\b/i, /\bmodels\b/],
  thing: /\bSurvey\w*|\b[mM]odel\b/,
  bytes: 8600,
  calls: [50, 600, 600],
  leak (index) { sequelize.define(`Survey${index}`, { question: DataTypes.STRING, answer: DataTypes.TEXT, points: DataTypes.INTEGER }) }
}
