/* eslint-env browser, commonjs */

'use strict'

// The top of the page: what the profile is, and how much there is of what.

const { amount, duration, exactly } = require('./amounts')
const { base, baseName, profile, smaller } = require('./data')
const { byId, h } = require('../../page/shared/elements')
const { number, plural } = require('../../page/shared/figures')
const { visible } = require('../../page/shared/names')

function masthead ({ name, unit }, total, before) {
  const about = ({ samples, timeNanos, durationNanos }) => [
    plural(samples, 'sample'), durationNanos > 0 && `in ${duration(durationNanos)}`,
    timeNanos > 0 && `from ${new Date(timeNanos / 1e6).toISOString().slice(0, 19).replace('T', ' ')} UTC`
  ].filter(Boolean).join(' ')
  const delta = total - before
  byId('facts').replaceChildren(...[
    h('span', { class: 'figure' }, h('span', { class: 'label' }, visible(name, 40)), ' ', h('strong', { title: exactly(total, unit) }, amount(total, unit))),
    h('span', {}, about(profile)),
    base && h('span', { class: 'since' },
      h('strong', { class: delta > 0 ? 'grew' : delta < 0 && 'shrank', title: exactly(delta, unit, true) }, amount(delta, unit, true)),
      before > 0 && ` (${delta > 0 ? '+' : ''}${(delta / before * 100).toFixed(1).replace('-', '−')} %)`,
      ' since ', h('span', { class: 'name' }, visible(baseName, 200)), ` (${amount(before, unit)}, ${about(base)})`),
    ...profile.comments.slice(0, 4).map((comment) => h('span', {}, visible(comment, 120)))
  ].filter(Boolean))
}

function notes () {
  if (smaller === 0) return
  byId('notes').append(h('p', { class: 'note', role: 'note' },
    `This profile has too many different stacks to draw each: the ${number(smaller)} smallest parts of them are taken together as “(smaller)”. All totals are whole.`))
}

module.exports = { masthead, notes }
