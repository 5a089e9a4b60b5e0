'use strict'

// A subscription of GraphQL makes an async iterator of PubSub for each client; when clients go, nobody returns it.

const { PubSub } = require('graphql-subscriptions')

const pubsub = new PubSub()

async function subscribeToOrders (client) {
  for await (const order of pubsub.asyncIterableIterator('ORDER_PLACED')) client.orders.push(order)
}

class GraphqlClient {
  constructor (number) { this.orders = Array.from({ length: 30 }, (_, order) => order * number + 0.5) }
}

module.exports = {
  holder: [/\bpubsub\b|\bPubSub\b|\bEventEmitter\b/i, /\bORDER_PLACED\b|\bsubscribeToOrders\b/],
  thing: /\bPubSubAsyncIter\w+\b|\bGraphqlClient\b|\bsubscribeToOrders\b/,
  count: 1,
  bytes: 2400,
  calls: [200, 3000, 3000],
  start () { pubsub.ee.setMaxListeners(0) },
  leak (index) { subscribeToOrders(new GraphqlClient(index)) }
}
