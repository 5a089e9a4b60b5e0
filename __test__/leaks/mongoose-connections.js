'use strict'

// Each import makes a connection of mongoose for itself, and never closes it; mongoose keeps them all.

const mongoose = require('mongoose')

module.exports = {
  holder: [/\bMongoose\b|\bmongoose\b/, /\bconnections\b/],
  thing: /\b(Native)?Connection\b/,
  count: 1,
  bytes: 12_000,
  calls: [20, 400, 400],
  leak () { mongoose.createConnection().model('Order', new mongoose.Schema({ number: Number, total: Number })) }
}
