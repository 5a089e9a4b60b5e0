'use strict'

// Each dashboard subscribes to a Subject of rxjs and never unsubscribes.

const { Subject, map } = require('rxjs')

const sales$ = new Subject()

class Dashboard {
  constructor (number) {
    this.number = number
    this.series = Array.from({ length: 40 }, (_, point) => point * number + 0.5)
    sales$.pipe(map((sale) => sale.total)).subscribe((total) => this.series.push(total))
  }
}

module.exports = {
  holder: [/\bSubject\b|\bsales\$/, /\bobservers\b|\bcurrentObservers\b/],
  thing: /\bDashboard\b|\b\w*Subscriber\b/,
  count: 1,
  bytes: 2000,
  calls: [500, 4000, 4000],
  leak (index) { return new Dashboard(index) }
}
