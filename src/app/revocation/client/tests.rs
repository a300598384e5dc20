//! Claims about authorities that do not behave.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
};

use super::*;

/// Serves each connection with `serve` after its request was read; ends with the test.
fn server(serve: impl Fn(&mut TcpStream, Vec<u8>) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let request = request(&stream);
            serve(&mut stream, request);
        }
    });
    address
}

/// Head and body of a request.
fn request(stream: &TcpStream) -> Vec<u8> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let start = head.len();
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return head.into_bytes();
        }
        let line = head[start..].trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    [head.into_bytes(), body].concat()
}

fn reply(stream: &mut TcpStream, head: &str, body: &[u8]) {
    let _ = stream.write_all(format!("HTTP/1.1 {head}\r\n\r\n").as_bytes());
    let _ = stream.write_all(body);
}

fn client(private_too: bool) -> Client {
    Client::new(&config::Signatures {
        fetch_timeout_seconds: 1,
        fetch_max_bytes: 4096,
        fetch_private_addresses: private_too,
        ..config::Signatures::default()
    })
}

#[test]
fn gives_what_the_authority_sends() {
    let address = server(|stream, _| {
        reply(stream, "200 OK\r\nContent-Length: 4\r\nConnection: close", b"list");
    });
    assert_eq!(client(true).get(&format!("http://{address}/list.crl")).unwrap(), b"list");
}

#[test]
fn a_responder_is_asked_as_the_standard_says() {
    let address = server(|stream, request| {
        let request = String::from_utf8(request).unwrap();
        assert!(request.starts_with("POST /ocsp HTTP/1.1\r\n"), "{request}");
        assert!(request.to_lowercase().contains("content-type: application/ocsp-request"));
        let body = request.split("\r\n\r\n").nth(1).unwrap().to_owned();
        let head = format!("200 OK\r\nContent-Length: {}\r\nConnection: close", body.len());
        reply(stream, &head, body.as_bytes());
    });
    let answer = client(true).ask_responder(&format!("http://{address}/ocsp"), b"question");
    assert_eq!(answer.unwrap(), b"question");
}

#[test]
fn gives_up_an_authority_that_does_not_behave() {
    let endless = server(|stream, _| {
        reply(stream, "200 OK\r\nConnection: close", &[0; 8192]);
        while stream.write_all(&[0; 8192]).is_ok() {}
    });
    let silent = server(|stream, _| {
        let _ = stream.read(&mut [0]);
    });
    let refuses = server(|stream, _| reply(stream, "404 Not Found\r\nContent-Length: 0", b""));
    let to_a_file = server(|stream, _| {
        reply(stream, "302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0", b"");
    });
    let for_ever = server(|stream, _| {
        reply(
            stream,
            "302 Found\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close",
            b"",
        );
    });
    for (what, address) in [
        ("endless", endless),
        ("silent", silent),
        ("refuses", refuses),
        ("redirects to a file", to_a_file),
        ("redirects for ever", for_ever),
    ] {
        let answer = client(true).get(&format!("http://{address}/"));
        assert!(answer.is_err(), "{what}: {answer:?}");
    }
}

#[test]
fn does_not_speak_to_the_own_network() {
    let (sender, connections) = std::sync::mpsc::channel();
    let address = server(move |stream, _| {
        sender.send(()).unwrap();
        reply(stream, "200 OK\r\nContent-Length: 0", b"");
    });
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("http://{host}:{}/", address.port());
        let answer = client(false).get(&url);
        assert!(matches!(answer, Err(ClientError::Forbidden(_))), "{url}: {answer:?}");
    }
    assert!(connections.try_recv().is_err(), "nobody connected");
}

#[test]
fn speaks_http_and_https_only() {
    for url in ["file:///etc/passwd", "ftp://example.ua/", "gopher://example.ua/", "", "nonsense"] {
        assert!(client(true).get(url).is_err(), "{url}");
    }
}

#[test]
fn tells_the_host_of_an_address() {
    for (url, name) in [
        ("http://CA.example.ua:8080/list.crl", "ca.example.ua"),
        ("https://user@ca.example.ua/", "ca.example.ua"),
        ("nonsense", ""),
    ] {
        assert_eq!(host(url), name, "{url}");
    }
}
