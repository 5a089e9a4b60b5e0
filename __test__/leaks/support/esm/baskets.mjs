// The module that `esm-module` leaks in.

const baskets = []

export class Basket {
  constructor (number) {
    this.customer = `customer-${number}`
    this.lines = Array.from({ length: 40 }, (_, line) => line + 0.5)
  }
}

export function openBasket (number) {
  baskets.push(new Basket(number))
}
