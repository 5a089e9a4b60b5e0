//! Which variables a function, or a whole script, declares, and where: maps have their original names there.
//!
//! This is no parser: it follows strings, comments, templates, regular expressions and brackets, and looks at what `var`, `let`, `const`,
//! `function` and `class` declare outside of all inner brackets, and at parameters. What it does not understand it leaves out.

use super::names::is_part;

/// Functions that are longer are not looked through.
const LONGEST: usize = 1 << 20;

/// The variables of the function that V8 says begins at `at`, or of a whole script: where the name of each begins and ends; and
/// how many bytes were looked through.
pub(super) fn declared(text: &[u8], at: Option<usize>) -> (Vec<(usize, usize)>, usize) {
    let start = at.unwrap_or_default();
    let end = at.map_or(text.len(), |at| text.len().min(at.saturating_add(LONGEST)));
    let code = text.get(..end).unwrap_or_default();
    let mut scan = Scan { code, at: start, brackets: Vec::new(), before: Before::Operator };
    let mut found = Vec::new();
    if at.is_none() || parameters(&mut scan, &mut found) {
        body(&mut scan, &mut found);
    }
    (found, scan.at.min(end).saturating_sub(start))
}

/// What is declared up to the end of a function or a script.
fn body(scan: &mut Scan<'_>, found: &mut Vec<(usize, usize)>) {
    let depth = scan.brackets.len();
    let mut expects = Expects::Nothing;
    while let Some(token) = scan.next() {
        if scan.brackets.len() < depth {
            break;
        }
        let is_own = scan.brackets.len() == depth;
        expects = match token {
            Token::Word(from, to) if is_own => match (scan.code.get(from..to).unwrap_or_default(), expects) {
                (b"var" | b"let" | b"const", _) => Expects::Binding,
                (b"function" | b"class", Expects::Nothing) => Expects::Name,
                // Something else begins without a `;`.
                (b"if" | b"for" | b"while" | b"return" | b"throw" | b"try" | b"switch" | b"do", _) => Expects::Nothing,
                (_, Expects::Binding) => {
                    found.push((from, to));
                    Expects::Comma
                }
                (_, Expects::Name) => {
                    found.push((from, to));
                    Expects::Nothing
                }
                (_, other) => other,
            },
            Token::Sign(b',') if is_own && expects == Expects::Comma => Expects::Binding,
            Token::Sign(b';') if is_own => Expects::Nothing,
            // Of a generator.
            Token::Sign(b'*') if expects == Expects::Name => Expects::Name,
            // Something without a name.
            _ if expects == Expects::Name => Expects::Nothing,
            // A pattern.
            _ if expects == Expects::Binding && is_own => Expects::Comma,
            _ => expects,
        };
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expects {
    Nothing,
    /// Of a function or class.
    Name,
    /// What `var` declares, or a comma.
    Binding,
    Comma,
}

/// The parameters of a function; whether a body in brackets follows.
fn parameters(scan: &mut Scan<'_>, found: &mut Vec<(usize, usize)>) -> bool {
    let (mut expects, mut is_past) = (true, false);
    while let Some(token) = scan.next() {
        match (token, scan.brackets.as_slice()) {
            (Token::Sign(b'{'), b"{") => return is_past,
            (Token::Sign(b')' | b'=' | b'>'), b"") => is_past = true,
            // The value of an arrow function.
            _ if is_past => return false,
            (Token::Word(from, to), b"") => match scan.code.get(from..to) {
                Some(b"async") => {}
                // It has variables of another kind.
                Some(b"class") => return false,
                _ => found.push((from, to)),
            },
            (Token::Sign(b'(' | b','), b"(") => expects = true,
            (Token::Sign(b'.'), b"(") => {}
            (Token::Word(from, to), b"(") if expects => {
                found.push((from, to));
                expects = false;
            }
            (_, b"") => return false,
            _ => expects = false,
        }
    }
    false
}

enum Token {
    Word(usize, usize),
    Sign(u8),
    /// A text, a template, a regular expression.
    Literal,
}

/// What stood before, which says what a `/` is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Operator,
    Value,
}

struct Scan<'a> {
    code: &'a [u8],
    at: usize,
    /// Those that are open; `$` is one in a template.
    brackets: Vec<u8>,
    before: Before,
}

impl Scan<'_> {
    fn next(&mut self) -> Option<Token> {
        loop {
            let byte = self.peek(0)?;
            match (byte, self.peek(1)) {
                _ if byte.is_ascii_whitespace() => self.at += 1,
                (b'/', Some(b'/')) => self.skip_to(b"\n"),
                (b'/', Some(b'*')) => self.skip_to(b"*/"),
                _ => break,
            }
        }
        let byte = self.peek(0)?;
        if is_part(byte) {
            return Some(self.word());
        }
        self.at += 1;
        let token = match byte {
            b'"' | b'\'' => self.text(byte),
            b'`' => self.template(),
            b'/' if self.before == Before::Operator => self.regex(),
            b'}' if self.brackets.last() == Some(&b'$') => {
                self.brackets.pop();
                self.template()
            }
            _ => {
                match byte {
                    b'(' | b'[' | b'{' => self.brackets.push(byte),
                    b')' | b']' | b'}' => drop(self.brackets.pop()),
                    _ => {}
                }
                Token::Sign(byte)
            }
        };
        self.before = match token {
            Token::Literal | Token::Sign(b')' | b']') => Before::Value,
            _ => Before::Operator,
        };
        Some(token)
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.code.get(self.at + ahead).copied()
    }

    fn word(&mut self) -> Token {
        let from = self.at;
        let rest = self.code.get(from..).unwrap_or_default();
        self.at += rest.iter().position(|byte| !is_part(*byte)).unwrap_or(rest.len());
        let word = self.code.get(from..self.at).unwrap_or_default();
        self.before = match word {
            b"return" | b"typeof" | b"case" | b"in" | b"of" | b"delete" | b"void" | b"throw" | b"new"
            | b"instanceof" | b"else" | b"do" | b"await" | b"yield" => Before::Operator,
            _ => Before::Value,
        };
        Token::Word(from, self.at)
    }

    fn skip_to(&mut self, end: &[u8]) {
        let rest = self.code.get(self.at + 2..).unwrap_or_default();
        self.at = memchr::memmem::find(rest, end).map_or(self.code.len(), |at| self.at + 2 + at + end.len());
    }

    fn text(&mut self, quote: u8) -> Token {
        while let Some(byte) = self.peek(0) {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == quote {
                break;
            }
        }
        Token::Literal
    }

    /// From behind its beginning, or behind what is put into it, to its end, or to where something else is.
    fn template(&mut self) -> Token {
        while let Some(byte) = self.peek(0) {
            if byte == b'$' && self.peek(1) == Some(b'{') {
                self.at += 2;
                self.brackets.push(b'$');
                return Token::Sign(b'$');
            }
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'`' {
                break;
            }
        }
        Token::Literal
    }

    fn regex(&mut self) -> Token {
        let mut is_in_class = false;
        while let Some(byte) = self.peek(0) {
            self.at += if byte == b'\\' { 2 } else { 1 };
            match byte {
                b'[' => is_in_class = true,
                b']' => is_in_class = false,
                b'/' if !is_in_class => break,
                b'\n' => break,
                _ => {}
            }
        }
        Token::Literal
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Of the function at the `|`, or of the script.
    fn variables(marked: &str) -> String {
        let at = marked.find('|');
        let text = marked.replacen('|', "", 1);
        let (found, _) = declared(text.as_bytes(), at);
        found.iter().map(|(from, to)| text.get(*from..*to).unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn finds_what_a_script_declares() {
        assert_eq!(
            variables("var a=1,b=f(c,d),e;let g=class{h(){var i}};function j(k){let l}class m{}const n=o=>o"),
            "a b e g j m n"
        );
        assert_eq!(
            variables("var a=`x${b,`,${c}`},d`,e=/[/\"]{/,f=\"},g\",h='\\'',i=1/2,j=g/k/l;async function*m(){}"),
            "a e f h i j m"
        );
        assert_eq!(variables("// var a\n/* var b */var c=function d(){},[e]=f,g;for(let h of i){let j}"), "c g");
        assert_eq!(variables("\"use strict\";var a=1,{b:c,d}=e,f=(0,g)(h,i);j(k,l)"), "a f");
        assert_eq!(variables("a=function(){};b=class{};var c=class{},d=function e(){},f"), "c d f");
        assert_eq!(variables("x();if(a){var b}let c;return/}/.test(d),e"), "c");
    }

    #[test]
    fn finds_what_a_function_declares() {
        assert_eq!(
            variables("var z;function a|(b,c=d,...e){let f=[],g=b(h);return{i(j){let k},l:()=>f}}var m"),
            "b c e f g"
        );
        assert_eq!(variables("var z=|a=>{let b=a;return()=>b},c"), "a b");
        assert_eq!(variables("var z=|async(a,{b:c})=>{let d=a},e"), "a d");
        assert_eq!(variables("var z=|a=>b=>a,c"), "a");
        assert_eq!(variables("class z{constructor|(a){this.b=a;var c}d(){var e}}"), "a c");
        assert_eq!(variables("var z=|class{a=1};var b"), "");
        assert_eq!(variables("function z|(){"), "");
    }

    #[test]
    fn ends_with_the_text() {
        for text in ["'", "`${", "/", "/*", "var", "var a=\"\\", "|(", "|", ")]}", "function|(a=`"] {
            variables(text);
        }
    }
}
