//! What an answer to REGISTER says.

use crate::message::Message;

/// One contact that an answer lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Its URI.
    pub uri: String,
    /// Its header parameters as they are written, without `expires`.
    pub parameters: Vec<String>,
    /// Seconds that it has left.
    pub expires: i64,
}

impl Binding {
    /// Whether it has `parameter`, such as `q=0.5`.
    pub fn has(&self, parameter: &str) -> bool {
        self.parameters.iter().any(|known| known == parameter)
    }
}

/// The contacts that `reply` lists, in order.
///
/// # Panics
///
/// When one of them is not in angle brackets or has no time.
pub fn bindings(reply: &Message) -> Vec<Binding> {
    reply
        .all("Contact")
        .iter()
        .flat_map(|value| parts(value, ','))
        .map(|one| binding(&one))
        .collect()
}

fn binding(text: &str) -> Binding {
    let inside = text.trim().strip_prefix('<').and_then(|rest| rest.split_once('>'));
    let (uri, rest) = inside.unwrap_or_else(|| panic!("a contact in brackets: {text}"));
    let mut parameters = parts(rest, ';');
    parameters.retain(|parameter| !parameter.is_empty());
    let at = parameters.iter().position(|parameter| parameter.starts_with("expires="));
    let expires = parameters.remove(at.unwrap_or_else(|| panic!("no expires in {text}")));
    let expires = expires["expires=".len()..].parse().unwrap();
    Binding { uri: uri.to_owned(), parameters, expires }
}

/// The parts of `text` between `mark`s that are not in quotes or angle brackets.
fn parts(text: &str, mark: char) -> Vec<String> {
    let (mut quoted, mut inside) = (false, false);
    let mut all = vec![String::new()];
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            '<' if !quoted => inside = true,
            '>' if !quoted => inside = false,
            _ => {}
        }
        if letter == mark && !quoted && !inside {
            all.push(String::new());
        } else {
            all.last_mut().unwrap().push(letter);
        }
    }
    all.iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Binding, bindings};
    use crate::message::Message;

    #[test]
    fn contacts_are_taken_apart() {
        let message = Message::new(
            b"SIP/2.0 200 OK\r\nContact: <sip:a@b;x=1>;q=0.5;expires=7;v=\"<,;>\", <sip:c>;expires=0\r\n\r\n",
        );
        let [first, second] = bindings(&message).try_into().unwrap();
        assert!(first.has("q=0.5") && first.has("v=\"<,;>\"") && first.expires == 7);
        let uri = "sip:c".to_owned();
        assert_eq!(second, Binding { uri, parameters: Vec::new(), expires: 0 });
        assert!(bindings(&Message::new(b"SIP/2.0 200 OK\r\n\r\n")).is_empty());
    }
}
