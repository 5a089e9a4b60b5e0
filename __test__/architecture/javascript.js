'use strict'

// What a JavaScript source loads, and in which forms. `require('a plain text')` is the one that the house allows: whatever else brings a module in is
// named, so that a test can refuse it.

const ts = require('typescript')

/** Names that load code in ways which say nothing of what, or that reach past `require`. */
const LOADERS = ['createRequire', '_linkedBinding', 'dlopen', 'getBuiltinModule', 'mainModule', '_load', 'eval']
/** Objects whose properties are not asked for by computed names. */
const HOLDERS = ['process', 'module', 'globalThis', 'global', 'require']

/** { required: names of modules, others: [what it is], calls: [{ object, method, first }] } */
function modules (source) {
  const file = ts.createSourceFile('source.js', source, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS)
  const found = { required: [], others: [], calls: [] }
  visit(file)
  return found

  function visit (node) {
    look(node)
    ts.forEachChild(node, visit)
  }

  function look (node) {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      if (node.moduleSpecifier) found.required.push(node.moduleSpecifier.text)
    } else if (ts.isIdentifier(node) && node.text === 'require') {
      lookAtRequire(node)
    } else if (node.kind === ts.SyntaxKind.ImportKeyword && ts.isCallExpression(node.parent)) {
      found.others.push(node.parent.getText())
    } else if (ts.isIdentifier(node) && LOADERS.includes(node.text)) {
      found.others.push(node.text)
    } else if (ts.isStringLiteralLike(node) && LOADERS.includes(node.text)) {
      found.others.push(node.text)
    } else if (ts.isIdentifier(node) && node.text === 'Function' && isCallee(node)) {
      found.others.push(node.parent.getText())
    } else if (ts.isPropertyAccessExpression(node) && node.name.text === 'binding' && endsWith(node.expression, 'process')) {
      found.others.push(node.getText())
    } else if (ts.isElementAccessExpression(node) && HOLDERS.some((name) => endsWith(node.expression, name))) {
      found.others.push(node.getText())
    } else if (ts.isBindingElement(node) && (node.propertyName ?? node.name).getText() === 'binding' && destructures(node, 'process')) {
      found.others.push(node.getText())
    } else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const [first] = node.arguments
      found.calls.push({ object: node.expression.expression.getText(), method: node.expression.name.text, first: first && ts.isStringLiteralLike(first) ? first.text : undefined })
    }
  }

  function lookAtRequire (node) {
    const call = node.parent
    const isPlain = ts.isCallExpression(call) && call.expression === node && call.arguments.length === 1 && ts.isStringLiteral(call.arguments[0])
    if (isPlain) found.required.push(call.arguments[0].text)
    else found.others.push(call.getText())
  }
}

function isCallee (node) {
  return (ts.isCallExpression(node.parent) || ts.isNewExpression(node.parent)) && node.parent.expression === node
}

/** `process`, `globalThis.process`. */
function endsWith (expression, name) {
  return (ts.isIdentifier(expression) && expression.text === name) || (ts.isPropertyAccessExpression(expression) && expression.name.text === name)
}

/** `const { binding } = process` */
function destructures (node, name) {
  const declaration = node.parent.parent
  return ts.isVariableDeclaration(declaration) && declaration.initializer !== undefined && endsWith(declaration.initializer, name)
}

module.exports = { modules }
