//! A DNS server on loopback that the test is: it answers from the records that the test gives it.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::{Arc, Mutex},
    thread,
};

use mail_auth::hickory_resolver::proto::{
    op::{Message, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{SOA, TXT},
    },
};

/// What the server does when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Answers from its records; another name does not exist.
    Answers,
    /// Sends bytes that are no answer.
    Garbage,
    /// Answers that it failed.
    ServerFailure,
    /// Takes the question and says nothing.
    Silent,
}

#[derive(Debug)]
struct Desk {
    manner: Manner,
    texts: HashMap<String, String>,
    /// The domain that nothing is said about.
    silent: Option<String>,
    asked: Vec<String>,
}

/// A server on a port of its own. Its thread ends with the test's process.
pub(crate) struct Zone {
    pub(crate) address: SocketAddr,
    desk: Arc<Mutex<Desk>>,
}

impl Zone {
    /// Serves TXT records, each a name without its last dot and a text of any length.
    pub(crate) fn start(manner: Manner, texts: &[(&str, &str)]) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        let texts = texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        let desk = Desk { manner, texts: texts.collect(), silent: None, asked: Vec::new() };
        let desk = Arc::new(Mutex::new(desk));
        let shared = Arc::clone(&desk);
        thread::spawn(move || {
            let mut packet = [0; 4096];
            while let Ok((length, client)) = socket.recv_from(&mut packet) {
                if let Some(answer) = shared.lock().unwrap().answer(&packet[..length]) {
                    let _ = socket.send_to(&answer, client);
                }
            }
        });
        Self { address, desk }
    }

    /// Says nothing any more when it is asked for `domain` or a name below it.
    pub(crate) fn be_silent_about(&self, domain: &str) {
        self.desk.lock().unwrap().silent = Some(domain.to_owned());
    }

    /// The names that it was asked for, in order, the root as an empty name.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.desk.lock().unwrap().asked.clone()
    }
}

impl Desk {
    fn answer(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let question = Message::from_vec(packet).unwrap();
        let query = question.queries[0].clone();
        let name = query.name().to_ascii().trim_end_matches('.').to_lowercase();
        let text = self.texts.get(&name).cloned();
        let is_silent = self.silent.as_ref().is_some_and(|domain| name.ends_with(domain.as_str()));
        self.asked.push(name);
        let code = match self.manner {
            _ if is_silent => return None,
            Manner::Silent => return None,
            // The question's own number in front: it is not dropped for that.
            Manner::Garbage => return Some([&packet[..2], &[0xff; 60]].concat()),
            Manner::ServerFailure => ResponseCode::ServFail,
            Manner::Answers if text.is_some() => ResponseCode::NoError,
            Manner::Answers => ResponseCode::NXDomain,
        };
        let mut answer = Message::error_msg(question.metadata.id, question.metadata.op_code, code);
        answer.metadata.recursion_desired = true;
        answer.metadata.recursion_available = true;
        if let (RecordType::TXT, ResponseCode::NoError, Some(text)) =
            (query.query_type(), code, text)
        {
            // RFC 1035 §3.3: a character-string has at most 255 bytes.
            let strings = text.as_bytes().chunks(255);
            let strings = strings.map(|piece| String::from_utf8(piece.to_vec()).unwrap()).collect();
            let record = RData::TXT(TXT::new(strings));
            answer.add_answer(Record::from_rdata(query.name().clone(), 300, record));
        }
        if code == ResponseCode::NXDomain {
            // RFC 2308 §5: only an answer with this record is kept.
            let start = SOA::new(Name::root(), Name::root(), 1, 300, 300, 300, 300);
            answer.add_authority(Record::from_rdata(Name::root(), 300, RData::SOA(start)));
        }
        answer.add_query(query);
        Some(answer.to_vec().unwrap())
    }
}
