/* eslint-env browser, commonjs */

'use strict'

// What is chosen above the picture: which values, what a bar is, which way up, and what is looked for.

const { types, shown } = require('./data')
const { BY } = require('./groups')
const { byId, h } = require('../../page/shared/elements')
const { visible } = require('../../page/shared/names')

/** `on` is told of each choice. Answers { type, by, upward, text } and `say(text)`, which tells what was found. */
function controls (on) {
  const chosen = { type: shown, by: 'function', upward: true, text: '' }
  const status = h('p', { class: 'status', role: 'status', id: 'found' })
  const find = h('input', { type: 'search', id: 'search', placeholder: 'Search: text or /regexp/', autocomplete: 'off', spellcheck: 'false', 'aria-keyshortcuts': '/', 'aria-describedby': 'found' })
  find.addEventListener('input', () => {
    chosen.text = find.value
    on.search()
  })
  const turn = ['Flame', 'Icicle'].map((label, at) => h('button', { type: 'button', 'aria-pressed': String(at === 0), onclick: () => direct(at === 0) }, label))

  function direct (upward) {
    chosen.upward = upward
    turn.forEach((button, at) => button.setAttribute('aria-pressed', String(upward === (at === 0))))
    on.turn()
  }

  function select (id, label, options, value, change) {
    const list = h('select', { id }, options.map(([key, text]) => h('option', { value: key, selected: key === value }, text)))
    list.addEventListener('change', () => change(list.value))
    return h('label', { class: 'choice' }, h('span', {}, label), ' ', list)
  }

  byId('controls').append(...[
    types.length > 1 && select('value', 'Value', types.map(({ name }, at) => [String(at), visible(name, 40)]), String(shown), (value) => {
      chosen.type = Number(value)
      on.data()
    }),
    select('by', 'By', Object.entries(BY).map(([key, text]) => [key, text.toLowerCase()]), chosen.by, (value) => {
      chosen.by = value
      on.data()
    }),
    h('div', { class: 'switch', role: 'group', 'aria-label': 'Direction' }, turn),
    h('div', { class: 'find' }, h('label', { for: 'search', class: 'hidden-text' }, 'Search for functions, files and packages'), find, status),
    h('button', { type: 'button', class: 'plain', id: 'reset', onclick: () => on.reset() }, 'Reset zoom')
  ].filter(Boolean))
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select')) return
    event.preventDefault()
    find.focus()
  })

  return {
    chosen,
    say (text, wrong = false) {
      status.textContent = text
      find.setAttribute('aria-invalid', String(wrong))
    }
  }
}

module.exports = { controls }
