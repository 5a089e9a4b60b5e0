'use strict'

// A reminder is scheduled for each order with node-schedule, and stays when the order is cancelled.

const schedule = require('node-schedule')

class Reminder {
  constructor (number) { this.texts = Array.from({ length: 30 }, (_, text) => text * number + 0.5) }
}

function scheduleReminder (number) {
  const reminder = new Reminder(number)
  schedule.scheduleJob(`order ${number}`, '0 9 1 1 *', () => reminder.texts.pop())
}

module.exports = {
  holder: [/\bscheduledJobs\b/],
  thing: /\bJob\b|\bReminder\b/,
  count: 1,
  bytes: 6000,
  calls: [50, 800, 800],
  leak: scheduleReminder
}
