//! The callback of `tc signin` over real sockets, and what else can arrive there.

use std::io::{self, Read as _, Write};
use std::net::TcpStream;

use crate::support::Tc;
use crate::support::sign_in::{ROOT, SignIn};

#[test]
fn the_answer_is_taken_over_either_address_as_it_stands() {
    for address in ["127.0.0.1", "::1"] {
        if TcpStream::connect((address, 9)).is_err_and(|error| error.kind() == io::ErrorKind::AddrNotAvailable) {
            continue;
        }
        let signin = SignIn::start(&["-s", "a", "--json"]);
        signin.send(address, signin.answer("clientId=ad|Mozilla-LDAP|x+y/tc&accessToken=a-_b=").as_bytes());
        let json: serde_json::Value = serde_json::from_str(&signin.end().stdout).unwrap();
        let expected = serde_json::json!({"rootUrl": ROOT, "clientId": "ad|Mozilla-LDAP|x+y/tc", "accessToken": "a-_b=",
            "expires": "2026-03-05T12:00:00.000Z"});
        assert_eq!(json, expected);
    }
}

#[test]
fn idle_connections_do_not_keep_the_answer_from_being_taken() {
    let signin = SignIn::start(&["-s", "a", "--json"]);
    let idle: Vec<TcpStream> = (0..300).map(|_| TcpStream::connect(("127.0.0.1", signin.port())).unwrap()).collect();
    signin.send("127.0.0.1", signin.answer("clientId=a&accessToken=b").as_bytes());
    let json: serde_json::Value = serde_json::from_str(&signin.end().stdout).unwrap();
    assert_eq!((&json["clientId"], &json["accessToken"]), (&"a".into(), &"b".into()));
    drop(idle);
}

/// What else can arrive at the port, and what it is answered. `PATH` and `PORT` stand for ours.
const HOSTILE: [(&str, &str, &str); 26] = [
    ("favicon", "GET /favicon.ico HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "404"),
    (
        "favicon with fields",
        "GET /favicon.ico?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
        "404",
    ),
    ("no path", "GET /?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "404"),
    ("another path", "GET /callback?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "404"),
    ("below our path", "GET PATH/x?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "404"),
    ("half of our path", "GET /../PATH?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "404"),
    (
        "whole address",
        "GET http://localhost:PORTPATH?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
        "404",
    ),
    ("rebound name", "GET PATH?clientId=x&accessToken=y HTTP/1.1\r\nHost: evil.example:PORT\r\n\r\n", "421"),
    ("address for name", "GET PATH?clientId=x&accessToken=y HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", "421"),
    ("no port in the name", "GET PATH?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost\r\n\r\n", "421"),
    ("no name", "GET PATH?clientId=x&accessToken=y HTTP/1.1\r\n\r\n", "421"),
    ("two names", "GET PATH?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\nHost: evil\r\n\r\n", "421"),
    ("POST", "POST PATH?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Length: 0\r\n\r\n", "405"),
    ("HEAD", "HEAD PATH?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "405"),
    ("preflight", "OPTIONS PATH HTTP/1.1\r\nHost: localhost:PORT\r\nOrigin: https://evil.example\r\n\r\n", "405"),
    ("no fields", "GET PATH HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "400"),
    ("no token", "GET PATH?clientId=x HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "400"),
    ("no client", "GET PATH?accessToken=x HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "400"),
    ("empty client", "GET PATH?clientId=&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "400"),
    ("empty token", "GET PATH?clientId=x&accessToken= HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "400"),
    ("two clients", "GET PATH?clientId=x&clientId=z&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "400"),
    ("line break", "GET PATH?clientId=x%0aexport&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "400"),
    ("not UTF-8", "GET PATH?clientId=%ff&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "400"),
    ("TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n", "400"),
    ("another protocol", "SSH-2.0-OpenSSH_9.9\r\n\r\n", "400"),
    ("nothing", "", ""),
];

#[test]
fn hostile_callbacks_are_refused_and_the_wait_goes_on() {
    let signin = SignIn::start(&["-s", "a"]);
    let (path, port) = (signin.callback.path().to_owned(), signin.port().to_string());
    for (what, request, status) in HOSTILE {
        let request = request.replace("PATH", &path).replace("PORT", &port);
        let answer = signin.send("127.0.0.1", request.as_bytes());
        assert_eq!(answer.split(' ').nth(1).unwrap_or_default(), status, "{what}: {answer}");
        assert!(!answer.contains("clientId=x"), "{what}: {answer}");
    }
    let oversize = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nX: {}\r\n\r\n", "x".repeat(17_000));
    assert!(signin.send("127.0.0.1", oversize.as_bytes()).starts_with("HTTP/1.1 431 "));
    let many = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{}\r\n", "X: y\r\n".repeat(150));
    assert!(signin.send("127.0.0.1", many.as_bytes()).starts_with("HTTP/1.1 431 "));
    let ended = signin.finish();
    assert!(ended.stdout.contains("TASKCLUSTER_CLIENT_ID='me/tc'"), "{}", ended.stdout);
    assert_eq!(ended.status, 0);
}

#[test]
fn connections_that_say_nothing_do_not_stop_the_answer() {
    let signin = SignIn::start(&["-s", "a"]);
    let mut silent: Vec<TcpStream> = (0..20).map(|_| signin.connect("127.0.0.1")).collect();
    silent[3].write_all(b"GET /fav").unwrap();
    assert_eq!(signin.finish().status, 0);
}

#[test]
fn a_request_in_pieces_is_one_request() {
    let signin = SignIn::start(&["-s", "a"]);
    let mut stream = signin.connect("127.0.0.1");
    stream.set_nodelay(true).unwrap();
    for byte in signin.answer("clientId=me&accessToken=tok").as_bytes() {
        stream.write_all(&[*byte]).unwrap();
    }
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 200 OK"), "{page}");
    drop(stream);
    assert_eq!(signin.end().status, 0);
}

#[test]
fn a_second_answer_changes_nothing() {
    let signin = SignIn::start(&["-s", "a"]);
    let mut first = signin.connect("127.0.0.1");
    first.write_all(signin.answer("clientId=first&accessToken=tok").as_bytes()).unwrap();
    let mut page = [0; 15];
    first.read_exact(&mut page).unwrap();
    assert_eq!(&page, b"HTTP/1.1 200 OK");
    // The first connection is still open, and so is the server.
    let second = signin.send("127.0.0.1", signin.answer("clientId=second&accessToken=tok").as_bytes());
    assert!(second.starts_with("HTTP/1.1 410 Gone"), "{second}");
    drop(first);
    let ended = signin.end();
    assert!(ended.stdout.contains("'first'") && !ended.stdout.contains("second"), "{}", ended.stdout);
}

#[test]
fn a_port_in_use_is_never_shared() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let ran = Tc::new().env("TASKCLUSTER_ROOT_URL", ROOT).run(&["signin", "-s", "a", "-p", &port.to_string()]);
    ran.stdout("").status(6).stderr(&format!(
        "error: cannot wait for the sign-in: port {port} of localhost is in use\n\
         hint: Choose another port with --port, or omit it to use any free port.\n"
    ));
    // The browser asks ::1 first, so nobody else may have that either.
    if let Ok(taken) = std::net::TcpListener::bind("[::1]:0") {
        let port = taken.local_addr().unwrap().port().to_string();
        Tc::new().env("TASKCLUSTER_ROOT_URL", ROOT).run(&["signin", "-s", "a", "-p", &port]).stdout("").status(6);
    }
}
