'use strict'

// A counter of prom-client has the address of the page as a label: a number for each address there ever was.

const { Counter } = require('prom-client')

const visits = new Counter({ name: 'visits_total', help: 'Visits by page', labelNames: ['page', 'status'] })

module.exports = {
  holder: [/\bCounter\b|\bvisits\b/, /\bhashMap\b/],
  thing: /\{labels, value|\{value, labels|\bLabelMap\b/,
  bytes: 420,
  calls: [1000, 15_000, 15_000],
  leak (index) { visits.inc({ page: `/products/${index}?session=${index * 7}`, status: '200' }) }
}
