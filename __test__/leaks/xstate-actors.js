'use strict'

// A shop starts an actor of xstate for each checkout, and stops none of those that are given up.

const { assign, createActor, createMachine } = require('xstate')

class Checkout {
  constructor (number) { this.prices = Array.from({ length: 30 }, (_, price) => price * number + 0.5) }
}

const payment = createMachine({ context: ({ input }) => ({ checkout: input }), initial: 'waiting', states: { waiting: {} } })
const shop = createMachine({
  initial: 'open',
  context: { payments: [] },
  states: { open: { on: { checkout: { actions: assign({ payments: ({ context, event, spawn }) => [...context.payments, spawn(payment, { input: event.checkout })] }) } } } }
})
const actor = createActor(shop)

module.exports = {
  holder: [/\bActor\b|\bactor\b|\bMachineSnapshot\b|\bcontext\b|\bpayments\b/],
  thing: /\bActor\b|\bCheckout\b|\bMachineSnapshot\b/,
  count: 1,
  bytes: 3600,
  calls: [50, 600, 600],
  start () { actor.start() },
  leak (index) { actor.send({ type: 'checkout', checkout: new Checkout(index) }) }
}
