import { UnicodeError } from "../exceptions.ts"

// tables of RFC 3454. B.1: what is left out
const NOTHING = /[\u00ad\u034f\u1806\u180b-\u180d\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]/g
// C.1.2 to C.9: what no label may have
const PROHIBITED =
  /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u0080-\u009f\u06dd\u070f\u180e\u2028\u2029\u2061-\u2063\u206a-\u206f\ufff9-\ufffd\u2ff0-\u2ffb\u0340\u0341\u200e\u200f\u202a-\u202e\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}\p{Private_Use}\p{Noncharacter_Code_Point}\p{Surrogate}]/u
// D.1: what is written from right to left
const RIGHT =
  "\\u05be\\u05c0\\u05c3\\u05d0-\\u05ea\\u05f0-\\u05f4\\u061b\\u061f\\u0621-\\u063a\\u0640-\\u064a\\u066d-\\u066f\\u0671-\\u06d5\\u06dd\\u06e5\\u06e6\\u06fa-\\u06fe\\u0700-\\u070d\\u0710\\u0712-\\u072c\\u0780-\\u07a5\\u07b1\\u200f\\ufb1d\\ufb1f-\\ufb28\\ufb2a-\\ufb36\\ufb38-\\ufb3c\\ufb3e\\ufb40\\ufb41\\ufb43\\ufb44\\ufb46-\\ufbb1\\ufbd3-\\ufd3d\\ufd50-\\ufd8f\\ufd92-\\ufdc7\\ufdf0-\\ufdfc\\ufe70-\\ufe74\\ufe76-\\ufefc"
const ANY_RIGHT = new RegExp(`[${RIGHT}]`, "u")
const BETWEEN_RIGHT = new RegExp(`^[${RIGHT}](?:.*[${RIGHT}])?$`, "su")
// D.2: what is written from left to right
const ANY_LEFT = new RegExp(`(?![${RIGHT}])[\\p{L}\\p{Mc}\\p{Nl}]`, "u")

/**
 * A label as IDNA 2003 prepares it (RFC 3491): folded, composed, and folded again where composing made capitals.
 *
 * @throws {UnicodeError} for a character that no name may have, and for directions of writing that are mixed.
 */
export function nameprep(label: string): string {
  const folded = fold(label.replace(NOTHING, "")).normalize("NFKC")
  const prepared = fold(folded).normalize("NFKC")
  const wrong = PROHIBITED.exec(prepared)
  if (wrong !== null) throw new UnicodeError(`Invalid character ${JSON.stringify(wrong[0])}`)
  if (ANY_RIGHT.test(prepared)) {
    if (ANY_LEFT.test(prepared)) throw new UnicodeError("Violation of BIDI requirement 2: directions are mixed")
    if (!BETWEEN_RIGHT.test(prepared)) {
      throw new UnicodeError("Violation of BIDI requirement 3: both ends must be letters from right to left")
    }
  }
  return prepared
}

// lower case, with the letters that become two: "ß" is "ss" in IDNA 2003; a final sigma is a sigma
function fold(text: string): string {
  return text.replaceAll("ß", "ss").toLowerCase().replaceAll("ς", "σ")
}
