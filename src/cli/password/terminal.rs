//! A terminal that shows nothing of what is typed.

use std::io::{BufRead as _, Stdin, stdin};

use anyhow::Context as _;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

/// What Ctrl-C sends.
const CANCEL: u8 = 3;

/// Shows nothing of what is typed until it is dropped. Ctrl-C ends a line meanwhile, and not the
/// program, which would leave the terminal as it is.
pub(super) struct Hidden {
    terminal: Stdin,
    before: Termios,
}

impl Hidden {
    /// Hides what is typed on standard input; what was typed before is thrown away, for it was seen.
    pub(super) fn start() -> anyhow::Result<Self> {
        let terminal = stdin();
        let before = tcgetattr(&terminal)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        hidden.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON);
        hidden.special_codes[SpecialCodeIndex::VEOL] = CANCEL;
        tcsetattr(&terminal, OptionalActions::Flush, &hidden)?;
        Ok(Self { terminal, before })
    }

    /// The line that is typed after `question`.
    pub(super) fn ask(&self, question: &str) -> anyhow::Result<Zeroizing<String>> {
        super::super::output::ask(question);
        // A terminal gives a line at a time.
        let mut terminal = self.terminal.lock();
        let given = terminal.fill_buf().context("cannot read the password")?;
        let line = Zeroizing::new(given.to_vec());
        terminal.consume(line.len());
        let line = line.strip_suffix(b"\n").context("no password was given: nothing is changed")?;
        let line = std::str::from_utf8(line).context("the password is not UTF-8")?;
        Ok(Zeroizing::new(line.to_owned()))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
