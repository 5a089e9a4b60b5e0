'use strict'

// Each customer's way to write dates is defined as a locale of moment, which never forgets one.

const moment = require('moment')

module.exports = {
  holder: [/\blocales\b/],
  thing: /\bLocale\b/,
  count: 1,
  bytes: 1500,
  calls: [200, 3500, 3500],
  leak (index) { moment.defineLocale(`en-x-customer${index}`, { parentLocale: 'en', longDateFormat: { LT: `HH:mm [of ${index}]` }, months: moment.months() }) }
}
