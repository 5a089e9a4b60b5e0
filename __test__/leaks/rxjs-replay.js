'use strict'

// A ReplaySubject of rxjs without a limit replays everything that ever happened.

const { ReplaySubject } = require('rxjs')

const events$ = new ReplaySubject()

class SaleEvent {
  constructor (number) {
    this.number = number
    this.amounts = Array.from({ length: 25 }, (_, amount) => amount * number + 0.5)
  }
}

module.exports = {
  holder: [/\bReplaySubject\b|\bevents\$/, /\b_?buffer\b/],
  thing: /\bSaleEvent\b/,
  count: 1,
  bytes: 310,
  calls: [1000, 18_000, 18_000],
  leak (index) { events$.next(new SaleEvent(index)) }
}
