/* eslint-env browser, commonjs */

'use strict'

// What is shown beside the pointer. It says nothing that is not said below the picture, too.

const { h } = require('../../page/shared/elements')

const AWAY = 14
const element = h('div', { class: 'tip', 'aria-hidden': 'true', hidden: true })
document.body.append(element)
addEventListener('scroll', () => { element.hidden = true }, { passive: true, capture: true })

const tip = {
  /** Nothing hides it. */
  show (content, { clientX, clientY }) {
    element.hidden = !content
    if (!content) return
    element.replaceChildren(...content)
    const { width, height } = element.getBoundingClientRect()
    const x = Math.max(0, Math.min(clientX + AWAY, innerWidth - width - 4))
    const y = clientY + AWAY + height > innerHeight ? Math.max(0, clientY - AWAY - height) : clientY + AWAY
    element.style.transform = `translate(${x}px, ${y}px)`
  }
}

module.exports = { tip }
