'use strict'

const { random } = require('./random')

const RESAMPLES = 10_000

function quantile (values, q) {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const below = Math.floor(at)
  const above = Math.ceil(at)
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below)
}

function median (values) {
  return quantile(values, 0.5)
}

/** 95 % interval of the median, by bootstrap; the same values give the same interval. */
function medianInterval (values) {
  const next = random(1)
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(values.map(() => values[Math.floor(next() * values.length)])))
  return [quantile(medians, 0.025), quantile(medians, 0.975)]
}

/** Median of the ratios of pairs, with its interval and its extremes. */
function ratio (numerators, denominators) {
  const ratios = numerators.map((value, pair) => value / denominators[pair])
  const [low, high] = medianInterval(ratios)
  return { median: median(ratios), low, high, min: Math.min(...ratios), max: Math.max(...ratios) }
}

module.exports = { quantile, median, medianInterval, ratio }
