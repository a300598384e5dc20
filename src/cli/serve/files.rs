//! How many files the process may open: each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files beside connections: database, segments, objects, pages, downloads.
const OTHERS: u64 = 512;

/// Raises our own limit for so many connections, as far as the system lets us.
pub(super) fn allow_for(connections: usize) {
    let needed = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OTHERS);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return;
    }
    let possible = maximum.map_or(needed, |maximum| maximum.min(needed));
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(possible), maximum });
    if raised.is_err() || possible < needed {
        tracing::warn!(
            needed,
            possible = if raised.is_ok() { Some(possible) } else { current },
            "the system allows fewer open files than [smtp.limits] max_connections needs: raise \
             LimitNOFILE of the service, or the connections beyond wait to be accepted"
        );
    }
}
