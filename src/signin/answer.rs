//! The pages that the callback server answers. They hold nothing of the request. Pure.

use super::callback::{Decision, Refusal};

/// Takes the credentials out of the address bar, where they would stay until the window is closed.
const SCRIPT: &str = "history.replaceState(null,'','/')";
/// The script's SHA-256, by which the page allows it and nothing else.
const SCRIPT_HASH: &str = "/pjm5mjVC8qSf3E2vn/Jvti9PA65a7Nkc8TYEuKfhyQ=";

/// The whole HTTP response to a request that was judged so.
pub(super) fn response(decision: &Decision) -> String {
    match decision {
        Decision::Accept { .. } => page(200, "", "Signed in", "You can close this window and go back to the terminal."),
        Decision::Ignore => page(404, "", "Not found", "There is nothing here."),
        Decision::Refuse(Refusal { status, why }) => {
            let allow = if *status == 405 { "Allow: GET\r\n" } else { "" };
            page(*status, allow, "This is not the answer to a sign-in", &format!("The request was refused: {why}."))
        }
    }
}

fn page(status: u16, headers: &str, title: &str, text: &str) -> String {
    let script = if status == 200 { format!("<script>{SCRIPT}</script>") } else { String::new() };
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1rem;\
         color-scheme:light dark}}</style>{script}<h1>{title}</h1><p>{text}</p></html>\n"
    );
    format!(
        "HTTP/1.1 {status} {}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\
         X-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'sha256-{SCRIPT_HASH}'; frame-ancestors 'none'\r\n{headers}\r\n{body}",
        reason(status),
        body.len()
    )
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        410 => "Gone",
        421 => "Misdirected Request",
        431 => "Request Header Fields Too Large",
        _ => "Refused",
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::domain::Secret;

    #[test]
    fn the_page_tells_to_close_the_window_and_no_secret() {
        let decision = Decision::Accept { client_id: "the-client".into(), access_token: Secret::new("the-token") };
        let text = response(&decision);
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"));
        assert!(text.contains("close this window"));
        assert!(!text.contains("the-client") && !text.contains("the-token"));
        for header in ["Cache-Control: no-store", "Referrer-Policy: no-referrer", "Connection: close"] {
            assert!(text.contains(&format!("\r\n{header}\r\n")), "{header}");
        }
        // Nothing is loaded from anywhere.
        assert!(!text.contains("src=") && !text.contains("href=") && !text.contains("url("));
    }

    #[test]
    fn the_policy_allows_the_script_and_no_other() {
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(SCRIPT));
        assert_eq!(SCRIPT_HASH, hash);
    }

    #[test]
    fn the_length_is_the_bodys() {
        let text = response(&Decision::Refuse(Refusal { status: 405, why: "its method is not GET" }));
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())));
        assert!(head.contains("Allow: GET"));
    }
}
