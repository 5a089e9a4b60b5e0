'use strict'

// The body of each newsletter is registered as a partial of Handlebars, under a name of its own.

const Handlebars = require('handlebars')

module.exports = {
  holder: [/\bpartials\b/],
  thing: /\bstrings?\b|\bret\b|\btemplate\b/,
  count: 1,
  bytes: 2150,
  calls: [200, 3000, 3000],
  leak (index) { Handlebars.registerPartial(`newsletter-${index}`, Buffer.alloc(2000, `Dear customer number ${index}, `).toString('latin1')) }
}
