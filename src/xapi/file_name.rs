//! Names of files, in the headers of answers and of forms.

use percent_encoding::percent_decode_str;

/// Name and MIME type of a file, from the headers of its answer.
pub fn of(disposition: &str, content_type: &str) -> (String, String) {
    let mime_type = media_type(content_type);
    let mime_type = if mime_type.is_empty() { "application/octet-stream".to_owned() } else { mime_type };
    let name =
        extended(disposition).or_else(|| plain(disposition)).map(|name| base(&name)).filter(|name| !name.is_empty());
    (name.unwrap_or_else(|| format!("file.{}", extension(&mime_type))), mime_type)
}

/// What a `Content-Type` says, without its parameters.
pub fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// `filename*=UTF-8''na%C3%AFve.wav`
fn extended(disposition: &str) -> Option<String> {
    let value = parameter(disposition, "filename*")?;
    let mut parts = value.splitn(3, '\'');
    let (charset, _, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    let decoded = percent_decode_str(encoded).decode_utf8().ok()?;
    charset.eq_ignore_ascii_case("utf-8").then(|| decoded.into_owned())
}

fn plain(disposition: &str) -> Option<String> {
    parameter(disposition, "filename")
}

/// A parameter of a header, without its quotes.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let mut parts = Vec::new();
    let (mut part, mut quoted, mut escaped) = (String::new(), false, false);
    for c in header.chars() {
        match c {
            _ if escaped => {
                part.push(c);
                escaped = false;
            }
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => parts.push(std::mem::take(&mut part)),
            _ => part.push(c),
        }
    }
    parts.push(part);
    parts.iter().find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
    })
}

/// Without folders, which a name from outside must not choose, and without control characters.
fn base(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    base.chars().filter(|c| !c.is_control()).collect::<String>().trim_matches(['.', ' ']).to_owned()
}

fn extension(mime_type: &str) -> &'static str {
    match mime_type {
        "text/csv" => "csv",
        "audio/wav" | "audio/x-wav" | "audio/wave" => "wav",
        "audio/mpeg" => "mp3",
        "application/json" => "json",
        "application/xml" | "text/xml" => "xml",
        "application/zip" => "zip",
        "text/plain" => "txt",
        _ => "bin",
    }
}

/// The name that a file is sent by.
pub fn to_send(name: &str) -> String {
    Some(base(name)).filter(|name| !name.is_empty()).unwrap_or_else(|| "file.wav".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_come_from_the_header() {
        for (disposition, content_type, name, mime_type) in [
            ("attachment; filename=a.wav", "audio/x-wav", "a.wav", "audio/x-wav"),
            ("attachment; filename=\"a; b.wav\"", "", "a; b.wav", "application/octet-stream"),
            (
                "attachment; filename=x; filename*=UTF-8''na%C3%AFve.csv",
                "text/csv; charset=utf-8",
                "naïve.csv",
                "text/csv",
            ),
            ("attachment; filename=../../etc/passwd", "", "passwd", "application/octet-stream"),
            ("attachment; filename=\"C:\\\\x\\\\y.txt\"", "", "y.txt", "application/octet-stream"),
            ("", "text/csv", "file.csv", "text/csv"),
            ("attachment; filename=\"..\"", "audio/wav", "file.wav", "audio/wav"),
        ] {
            assert_eq!(of(disposition, content_type), (name.to_owned(), mime_type.to_owned()), "{disposition}");
        }
    }

    proptest! {
        #[test]
        fn no_name_chooses_a_folder_or_controls_anything(name in ".*") {
            let (kept, _) = of(&format!("attachment; filename=\"{name}\""), "");
            for name in [kept, to_send(&name)] {
                prop_assert!(!name.is_empty() && !name.contains(['/', '\\']) && !name.chars().any(char::is_control));
            }
        }
    }
}
