'use strict'

// A headless Chromium over a pipe: just enough of the DevTools protocol for the tests of a page.

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs/promises')
const os = require('node:os')
const path = require('node:path')
const { findBrowser } = require('../../scripts/browser')

class Browser {
  #child
  #dir
  #exited
  #stderr = ''
  #id = 0
  #calls = new Map()
  #sessions = new Map()
  #rest = ''

  static async launch () {
    const file = findBrowser()
    if (!file) throw new Error('No Chromium was found; `node scripts/browser.js` installs one, or says what to do')
    const browser = new Browser()
    await browser.#start(file)
    return browser
  }

  get pid () { return this.#child.pid }

  async #start (file) {
    const dir = this.#dir = await fs.mkdtemp(path.join(os.tmpdir(), 'heapkit-browser-'))
    // Whatever it writes, it writes into the directory that goes.
    const env = { ...process.env, HOME: dir, TMPDIR: dir, XDG_CONFIG_HOME: dir, XDG_CACHE_HOME: dir, XDG_RUNTIME_DIR: dir }
    this.#child = spawn(file, [
      '--headless=new', '--remote-debugging-pipe', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
      '--disable-breakpad', '--disable-extensions', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', '--disable-default-apps', '--no-first-run', '--no-default-browser-check', '--mute-audio',
      '--force-device-scale-factor=1', '--hide-scrollbars', `--user-data-dir=${path.join(dir, 'profile')}`, 'about:blank'
    ], { env, stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] })
    this.#child.stderr.setEncoding('utf8').on('data', (text) => { this.#stderr = (this.#stderr + text).slice(-4000) })
    const [, , , input, output] = this.#child.stdio
    input.on('error', () => {})
    output.setEncoding('utf8').on('data', (text) => this.#receive(text)).on('error', () => {})
    this.#exited = once(this.#child, 'exit').then(() => this.#fail('has ended'), (error) => this.#fail(error.message))
  }

  #fail (why) {
    for (const { reject } of this.#calls.values()) reject(new Error(`The browser ${why}: ${this.#stderr}`))
    this.#calls.clear()
  }

  #receive (text) {
    const messages = (this.#rest + text).split('\0')
    this.#rest = messages.pop()
    for (const message of messages) {
      const { id, method, params, result, error, sessionId } = JSON.parse(message)
      if (id === undefined) {
        this.#sessions.get(sessionId)?.(method, params)
        continue
      }
      const call = this.#calls.get(id)
      this.#calls.delete(id)
      if (error) call?.reject(new Error(`${call.method}: ${error.message}`))
      else call?.resolve(result)
    }
  }

  send (method, params = {}, sessionId) {
    const id = ++this.#id
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject, method })
      this.#child.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + '\0')
    })
  }

  /** A page, with what it complained about and what it asked the network for. */
  async page ({ width = 1280, height = 900 } = {}) {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true })
    const page = new Page((method, params) => this.send(method, params, sessionId), () => this.send('Target.closeTarget', { targetId }))
    this.#sessions.set(sessionId, (method, params) => page.heard(method, params))
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await page.send(`${domain}.enable`)
    await page.resize(width, height)
    return page
  }

  /** Ends the process, and removes what it wrote. */
  async close () {
    const hurry = setTimeout(() => this.#child.kill('SIGKILL'), 5000)
    this.send('Browser.close').catch(() => {})
    await this.#exited
    clearTimeout(hurry)
    await fs.rm(this.#dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  }
}

const KEYS = {
  Enter: { code: 'Enter', windowsVirtualKeyCode: 13, text: '\r' },
  Escape: { code: 'Escape', windowsVirtualKeyCode: 27 },
  Backspace: { code: 'Backspace', windowsVirtualKeyCode: 8 },
  Tab: { code: 'Tab', windowsVirtualKeyCode: 9 },
  ArrowLeft: { code: 'ArrowLeft', windowsVirtualKeyCode: 37 },
  ArrowUp: { code: 'ArrowUp', windowsVirtualKeyCode: 38 },
  ArrowRight: { code: 'ArrowRight', windowsVirtualKeyCode: 39 },
  ArrowDown: { code: 'ArrowDown', windowsVirtualKeyCode: 40 }
}

class Page {
  /** Errors and warnings of the console, and exceptions. */
  complaints = []
  /** Addresses that were asked for. */
  requests = []
  #loaded

  constructor (send, close) {
    this.send = send
    this.close = close
  }

  heard (method, params) {
    if (method === 'Runtime.exceptionThrown') this.complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text)
    if (method === 'Runtime.consoleAPICalled') this.complaints.push(`console.${params.type}`)
    if (method === 'Log.entryAdded') this.complaints.push(params.entry.text)
    if (method === 'Page.loadEventFired') this.#loaded?.()
    if (method === 'Network.requestWillBeSent') this.requests.push(params.request.url)
  }

  resize (width, height) {
    return this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false })
  }

  media ({ scheme, type = '' }) {
    return this.send('Emulation.setEmulatedMedia', { media: type, features: scheme ? [{ name: 'prefers-color-scheme', value: scheme }] : [] })
  }

  async open (url) {
    const loaded = new Promise((resolve) => { this.#loaded = resolve })
    const { errorText } = await this.send('Page.navigate', { url })
    if (errorText) throw new Error(`${url}: ${errorText}`)
    await loaded
  }

  /** What an expression has for a value, or the function with those arguments; promises are waited for. */
  async evaluate (what, ...args) {
    const expression = typeof what === 'function' ? `(${what})(...${JSON.stringify(args)})` : what
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true })
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }

  /** Waits until the function has something for a value, and has that. */
  async until (what, ...args) {
    for (;;) {
      const value = await this.evaluate(what, ...args)
      if (value) return value
      await this.evaluate('new Promise((resolve) => requestAnimationFrame(() => resolve()))')
    }
  }

  async press (...keys) {
    for (const key of keys) {
      const about = { key, ...KEYS[key] }
      await this.send('Input.dispatchKeyEvent', { type: about.text ? 'keyDown' : 'rawKeyDown', ...about })
      await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...about, text: undefined })
    }
  }

  type (text) {
    return this.send('Input.insertText', { text })
  }

  async click (x, y) {
    for (const type of ['mousePressed', 'mouseReleased']) {
      await this.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 })
    }
  }

  async screenshot (options = {}) {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png', ...options })
    return Buffer.from(data, 'base64')
  }
}

module.exports = { Browser }
