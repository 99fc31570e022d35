declare module "punycode/punycode.es6.js" {
  /** The punycode of a text, without `xn--`. */
  export function encode(text: string): string
}
