/* eslint-env browser, commonjs */

'use strict'

// What the page of `heapkit report` does; the modules beside this one become one script (../script.js).

const { growth } = require('./growth')
const { growthTree } = require('./growth-tree')
const { heapTree } = require('./heap-tree')
const { masthead } = require('./masthead')
const { suspectCards } = require('./suspects')
const { constructors, largest, strings } = require('./tables')

masthead()
suspectCards()
growth()
growthTree()
heapTree()
constructors()
largest()
strings()
document.documentElement.dataset.ready = ''
