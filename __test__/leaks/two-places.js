'use strict'

// One page, the archive, collects items for ever; and books with pages of the same class are kept, too. Two leaks of one class: the larger is the archive's.

class Item {
  constructor (number) { this.numbers = Array.from({ length: 20 }, (_, part) => part * number + 0.5) }
}

class Page {
  items = []
}

class Book {
  page = new Page()
}

const archive = new Page()
const books = []

module.exports = {
  holder: [/\barchive\b/],
  thing: /\bItem\b/,
  count: 4,
  bytes: 1900,
  calls: [200, 3000, 3000],
  leak (index) {
    for (let part = 0; part < 4; part++) archive.items.push(new Item(index))
    const book = new Book()
    book.page.items.push(new Item(index), new Item(index))
    books.push(book)
  }
}
