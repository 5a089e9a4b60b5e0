'use strict'

// The mail server hangs: nodemailer's pool keeps every mail, until it answers.

const nodemailer = require('nodemailer')
const { silentServer } = require('./support/silent')

let transport

module.exports = {
  holder: [/\bSMTPPool\b/, /\b_queue\b/],
  thing: /\bMail(Message)?\b|\{mail, /,
  bytes: 3000,
  calls: [100, 2000, 2000],
  async start () { transport = nodemailer.createTransport({ pool: true, maxConnections: 1, host: '127.0.0.1', port: await silentServer(), greetingTimeout: 600_000 }) },
  leak (index) { transport.sendMail({ to: `user${index}@shop.example`, subject: `Order ${index}`, text: 'It is on its way' }).catch(() => {}) }
}
