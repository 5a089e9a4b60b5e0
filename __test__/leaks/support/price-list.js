'use strict'

// A module that is worth reloading.

exports.prices = Array.from({ length: 2000 }, (_, product) => product + 0.99)
