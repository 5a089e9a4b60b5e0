'use strict'

// Each question to a worker has a MessageChannel of its own, which nobody closes: a port that listens is never collected.

const { MessageChannel } = require('node:worker_threads')

class Question {
  constructor (number) {
    this.text = `question ${number}`
    this.numbers = Array.from({ length: 200 }, (_, part) => part * number + 0.5)
  }
}

function askWorker (question) {
  const { port1, port2 } = new MessageChannel()
  port1.on('message', (answer) => { question.answer = answer })
  return port2
}

module.exports = {
  holder: [/\baskWorker\b|\bmessage\b/],
  thing: /\bQuestion\b|\bMessagePorts?\b/,
  bytes: 8000,
  calls: [100, 1000, 1000],
  leak (index) { askWorker(new Question(index)) }
}
