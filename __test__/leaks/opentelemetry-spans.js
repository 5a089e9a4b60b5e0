'use strict'

// The exporter for tests went into production: it keeps each span that was ever finished.

const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base')

const exporter = new InMemorySpanExporter()
const tracer = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).getTracer('shop')

module.exports = {
  holder: [/\bInMemorySpanExporter\b|\bexporter\b/, /\b_?finishedSpans\b/],
  thing: /\bSpan(Impl)?\b/,
  count: 1,
  bytes: 1050,
  calls: [500, 6000, 6000],
  leak: (index) => tracer.startSpan(`GET /products/${index}`, { attributes: { 'http.status': 200, product: index } }).end()
}
