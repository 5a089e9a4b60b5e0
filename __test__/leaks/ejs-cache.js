'use strict'

// Mails are rendered with ejs and its cache; but each has a file name of its own, under which its template is kept.

const ejs = require('ejs')

module.exports = {
  holder: [/\bcache\b/, /\bejs\b|\b_data\b/],
  thing: /\banonymous\b|\breturnedFn\b|\bfunction\b/,
  count: 1,
  bytes: 4500,
  calls: [30, 400, 400],
  leak (index) { ejs.render(`Dear <%= name %>, order ${index} is on its way`, { name: 'you' }, { cache: true, filename: `/mails/${index}.ejs` }) }
}
