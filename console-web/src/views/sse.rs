//! Server-sent events as text in, messages out.

/// One message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// `id:`, where the message carries one.
    pub id: Option<String>,
    /// `event:`; empty means `message`.
    pub event: String,
    /// `data:` lines joined by line ends.
    pub data: String,
}

/// Reads a stream that arrives in arbitrary pieces.
#[derive(Debug, Default)]
pub struct Parser {
    rest: String,
    open: Message,
    has_data: bool,
}

impl Parser {
    /// Takes a piece of the stream; gives the messages that it completes.
    pub fn push(&mut self, piece: &str) -> Vec<Message> {
        self.rest.push_str(piece);
        let mut done = Vec::new();
        let mut from = 0;
        // A lone CR at the end may be the first half of CRLF: it waits for the next piece.
        while let Some(at) = self.rest.get(from..).and_then(|rest| rest.find(['\n', '\r'])).map(|at| at + from) {
            let crlf = self.rest.as_bytes().get(at) == Some(&b'\r');
            let next = self.rest.as_bytes().get(at + 1);
            if crlf && next.is_none() {
                break;
            }
            let line = self.rest.get(from..at).unwrap_or_default().to_owned();
            from = at + if crlf && next == Some(&b'\n') { 2 } else { 1 };
            self.line(&line, &mut done);
        }
        self.rest.drain(..from);
        done
    }

    fn line(&mut self, line: &str, done: &mut Vec<Message>) {
        if line.is_empty() {
            let message = std::mem::take(&mut self.open);
            if std::mem::take(&mut self.has_data) {
                done.push(message);
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if self.has_data {
                    self.open.data.push('\n');
                }
                self.open.data.push_str(value);
                self.has_data = true;
            }
            "event" => value.clone_into(&mut self.open.event),
            "id" => self.open.id = Some(value.to_owned()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = ": hello\nid: 7\nevent: event\ndata: {\"a\":1}\n\nevent:heartbeat\ndata:1\ndata: 2\n\nretry: 5\n\n";

    fn read(pieces: impl Iterator<Item = String>) -> Vec<Message> {
        let mut parser = Parser::default();
        pieces.flat_map(|piece| parser.push(&piece)).collect()
    }

    #[test]
    fn pieces_do_not_matter() {
        let whole = read(std::iter::once(STREAM.to_owned()));
        assert_eq!(whole.len(), 2);
        assert_eq!(whole[0], Message { id: Some("7".into()), event: "event".into(), data: "{\"a\":1}".into() });
        assert_eq!(whole[1], Message { id: None, event: "heartbeat".into(), data: "1\n2".into() });
        assert_eq!(read(STREAM.chars().map(String::from)), whole);
        assert_eq!(read(STREAM.replace('\n', "\r\n").chars().map(String::from)), whole);
        assert_eq!(read(std::iter::once(STREAM.replace('\n', "\r") + "\n")), whole);
    }

    #[test]
    fn an_open_message_is_not_given() {
        assert!(read(std::iter::once("data: half\n".to_owned())).is_empty());
    }
}
