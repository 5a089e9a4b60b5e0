'use strict'

// Clients iterate over a chat with `for await`. Those who go away never return their generator, and what they missed is collected for them.

class Inbox {
  messages = []
  next () { return new Promise((resolve) => { this.wake = resolve }) }
}

class ChatRoom {
  #inboxes = new Set()

  async * listen () {
    const inbox = new Inbox()
    this.#inboxes.add(inbox)
    try {
      for (;;) {
        await inbox.next()
        yield * inbox.messages.splice(0)
      }
    } finally {
      this.#inboxes.delete(inbox)
    }
  }
}

const room = new ChatRoom()

async function showMessages (number) {
  const history = Array.from({ length: 60 }, (_, line) => line + number + 0.5)
  for await (const message of room.listen()) history.push(message)
}

module.exports = {
  holder: [/\bChatRoom\b|\broom\b/, /\binboxes\b|\blisten\b/],
  thing: /\bInbox\b|\bshowMessages\b|\blisten\b/,
  count: 1,
  bytes: 2200,
  calls: [300, 3000, 3000],
  leak (index) { showMessages(index) }
}
