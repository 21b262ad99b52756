//! Values as JSON.

use std::io::{self, Write};

use super::number;
use super::value::{COMPARED_DEPTH, Value};

/// The whole value on one line.
pub(super) fn json(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing to memory cannot fail.
    drop(write(value, 0, &mut out));
    out
}

/// At least the first `bytes` of the JSON, if it has as many.
pub(super) fn beginning(value: &Value, bytes: usize) -> String {
    let mut out = Beginning { text: Vec::new(), wanted: bytes };
    // It fails when there is enough.
    drop(write(value, 0, &mut out));
    String::from_utf8_lossy(&out.text).into_owned()
}

struct Beginning {
    text: Vec<u8>,
    wanted: usize,
}

impl Write for Beginning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.text.len() >= self.wanted {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(value: &Value, level: u32, out: &mut dyn Write) -> io::Result<()> {
    if level > COMPARED_DEPTH {
        return out.write_all(b"\"<skipped: too deep>\"");
    }
    match value {
        Value::Null => out.write_all(b"null"),
        Value::Bool(true) => out.write_all(b"true"),
        Value::Bool(false) => out.write_all(b"false"),
        Value::Num(number) => out.write_all(number::json(number).as_bytes()),
        Value::Str(text) => string(text, out),
        Value::Arr(array) => {
            out.write_all(b"[")?;
            for (at, item) in array.items.iter().enumerate() {
                if at > 0 {
                    out.write_all(b",")?;
                }
                write(item, level + 1, out)?;
            }
            out.write_all(b"]")
        }
        Value::Obj(object) => {
            out.write_all(b"{")?;
            for (at, (name, value)) in object.members.iter().enumerate() {
                if at > 0 {
                    out.write_all(b",")?;
                }
                string(name, out)?;
                out.write_all(b":")?;
                write(value, level + 1, out)?;
            }
            out.write_all(b"}")
        }
    }
}

fn string(text: &[u8], out: &mut dyn Write) -> io::Result<()> {
    // What a program cut in the middle of a character is no text any more.
    let text = String::from_utf8_lossy(text);
    serde_json::to_writer(&mut *out, &*text).map_err(io::Error::from)?;
    Ok(())
}
