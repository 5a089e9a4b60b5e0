'use strict'

// A gateway publishes what its sensors measure while the MQTT broker does not answer: the client keeps it for when it is connected.

const mqtt = require('mqtt')
const { silentServer } = require('./support/silent')

let client

class Reading {
  constructor (number) { this.values = Array.from({ length: 25 }, (_, value) => value * number + 0.5) }
}

module.exports = {
  holder: [/\bMqttClient\b|\bclient\b/, /\bqueue\b|\boutgoingStore\b|\boutgoing\b/],
  thing: /\bReading\b|\bpacket\b|\bpublish\b|\{cmd\b/,
  count: 1,
  bytes: 900,
  calls: [200, 3000, 3000],
  async start () {
    client = mqtt.connect({ host: '127.0.0.1', port: await silentServer(), connectTimeout: 3_600_000, reconnectPeriod: 0 })
    client.on('error', () => {})
  },
  leak (index) {
    const reading = new Reading(index)
    client.publish('sensors', JSON.stringify(reading), { qos: 0 }, () => { reading.values.length = 0 })
  }
}
