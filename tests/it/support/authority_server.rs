//! The web server of an authority that the test is: it serves what the test puts there.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
};

/// What the server does when it is asked for a path.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Sends these bytes.
    Bytes(Vec<u8>),
    /// Sends without end.
    Endless,
    /// Waits until there is another reply for the path, and gives that.
    Held,
    /// Sends the client elsewhere.
    Redirect(String),
    /// Takes the request and says nothing.
    Silent,
}

#[derive(Default)]
struct Desk {
    replies: Mutex<HashMap<String, Reply>>,
    changed: Condvar,
    asked: Mutex<Vec<String>>,
}

/// A server on a port of its own. Its threads end with the test's process.
pub(crate) struct AuthorityServer {
    address: SocketAddr,
    desk: Arc<Desk>,
}

impl AuthorityServer {
    /// Listens, and answers 404 to everything.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let desk = Arc::new(Desk::default());
        let shared = Arc::clone(&desk);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let desk = Arc::clone(&shared);
                thread::spawn(move || serve(&stream, &desk));
            }
        });
        Self { address, desk }
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it does from now on when it is asked for `path`.
    pub(crate) fn reply(&self, path: &str, reply: Reply) {
        self.desk.replies.lock().unwrap().insert(path.to_owned(), reply);
        self.desk.changed.notify_all();
    }

    /// The paths that it was asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.desk.asked.lock().unwrap().clone()
    }
}

fn serve(mut stream: &TcpStream, desk: &Desk) {
    let Some(path) = read_request(stream) else { return };
    desk.asked.lock().unwrap().push(path.clone());
    let mut replies = desk.replies.lock().unwrap();
    while let Some(Reply::Held) = replies.get(&path) {
        replies = desk.changed.wait(replies).unwrap();
    }
    let reply = replies.get(&path).cloned();
    drop(replies);
    let (head, body) = match reply {
        None => ("404 Not Found".to_owned(), Vec::new()),
        Some(Reply::Bytes(bytes)) => ("200 OK".to_owned(), bytes),
        Some(Reply::Redirect(to)) => (format!("302 Found\r\nLocation: {to}"), Vec::new()),
        Some(Reply::Endless) => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
            while stream.write_all(&[b'x'; 8192]).is_ok() {}
            return;
        }
        Some(Reply::Held | Reply::Silent) => {
            // Until the client hangs up.
            let _ = stream.read(&mut [0]);
            return;
        }
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

/// Reads a request to its end and gives its path.
fn read_request(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let (mut path, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end();
        if path.is_none() {
            path = line.split(' ').nth(1).map(str::to_owned);
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    path
}
