//! The servers that the service works on: which of them answer, and whose turn it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use planner_core::quantity::UnixMillis;

use super::classify::{Class, class};
use super::client::Failure;
use crate::clock;

/// A server that does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Away {
    /// Its address, or how the cluster calls it.
    pub name: String,
    /// Since when.
    pub since: UnixMillis,
    /// In the network's words.
    pub error: String,
}

/// What is known of the servers, by their place in the list of addresses.
#[derive(Debug)]
pub(super) struct Fleet {
    state: Mutex<State>,
    turn: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    away: Vec<Option<Away>>,
    /// A server of the cluster that another one could not reach.
    gap: Option<Away>,
    /// By a table's uuid, the uuids under which other replicas know the same table.
    twins: BTreeMap<String, BTreeSet<String>>,
}

impl Fleet {
    pub(super) fn new(servers: usize) -> Self {
        Self { state: Mutex::new(State { away: vec![None; servers], ..State::default() }), turn: AtomicUsize::new(0) }
    }

    /// A request to a server got no answer.
    pub(super) fn lost(&self, server: usize, name: &str, error: &str) {
        if let Some(place) = self.state().away.get_mut(server) {
            place.get_or_insert_with(|| Away { name: name.to_owned(), since: clock::now(), error: error.to_owned() });
        }
    }

    /// A server answered.
    pub(super) fn answered(&self, server: usize) {
        if let Some(place) = self.state().away.get_mut(server) {
            *place = None;
        }
    }

    /// What came of a question to every server of the cluster.
    pub(super) fn asked_all(&self, cluster: &str, failure: Option<&Failure>) {
        let mut state = self.state();
        match failure {
            None => state.gap = None,
            Some(Failure::Exception { code, message }) if class(*code) == Class::Lost => {
                let name = named_in(message).unwrap_or_else(|| format!("a server of the cluster {cluster}"));
                let error = message.lines().next().unwrap_or_default().to_owned();
                if state.gap.as_ref().is_none_or(|gap| gap.name != name) {
                    state.gap = Some(Away { name, since: clock::now(), error });
                }
            }
            Some(Failure::Exception { .. } | Failure::NotSent(_) | Failure::Lost(_)) => {}
        }
    }

    /// Whether a question to every server of the cluster failed for want of one of them.
    pub(super) fn has_gap(&self) -> bool {
        self.state().gap.is_some()
    }

    /// Servers that do not answer, by their place.
    pub(super) fn silent(&self) -> Vec<usize> {
        self.state().away.iter().enumerate().filter(|(_, away)| away.is_some()).map(|(server, _)| server).collect()
    }

    /// The first server that does not answer; whether no address answers.
    pub(super) fn missing(&self) -> Option<(Away, bool)> {
        let state = self.state();
        let none_left = state.away.iter().all(Option::is_some);
        let first = state.away.iter().flatten().next().cloned().or_else(|| state.gap.clone());
        first.map(|away| (away, none_left))
    }

    /// The server that is read from: the first that answers.
    pub(super) fn reader(&self) -> usize {
        self.state().away.iter().position(Option::is_none).unwrap_or(0)
    }

    /// The server whose turn it is, among those that answer.
    pub(super) fn next(&self) -> usize {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let state = self.state();
        let up: Vec<usize> = state.away.iter().enumerate().filter(|(_, away)| away.is_none()).map(|(server, _)| server).collect();
        up.get(turn % up.len().max(1)).copied().unwrap_or_else(|| turn % state.away.len().max(1))
    }

    /// Notes under which uuids the servers know one table.
    pub(super) fn note_twins(&self, uuid: &str, twins: BTreeSet<String>) {
        self.state().twins.insert(uuid.to_owned(), twins);
    }

    /// Whether two uuids are known to be those of one table.
    pub(super) fn are_twins(&self, uuid: &str, other: &str) -> bool {
        self.state().twins.get(uuid).is_some_and(|twins| twins.contains(other))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The `host:port` in the words of an error such as `Connection refused (10.0.0.7:9000, local address: …)`.
fn named_in(message: &str) -> Option<String> {
    message.split('(').skip(1).find_map(|rest| {
        let name = rest.split([',', ')', ' ']).next()?;
        let (host, port) = name.rsplit_once(':')?;
        (!host.is_empty() && port.parse::<u16>().is_ok()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_go_round_and_pass_over_who_does_not_answer() {
        let fleet = Fleet::new(3);
        assert_eq!([(); 4].map(|()| fleet.next()), [0, 1, 2, 0]);
        fleet.lost(1, "b", "refused");
        assert_eq!([(); 4].map(|()| fleet.next()), [0, 2, 0, 2]);
        assert_eq!((fleet.reader(), fleet.silent()), (0, vec![1]));
        fleet.lost(0, "a", "refused");
        assert_eq!(fleet.reader(), 2);
        fleet.lost(2, "c", "refused");
        assert_eq!(fleet.missing().map(|(away, none)| (away.name, none)), Some(("a".into(), true)));
        fleet.answered(2);
        assert_eq!(fleet.next(), 2);
    }

    #[test]
    fn a_gap_in_the_cluster_has_a_name_until_all_have_answered() {
        let fleet = Fleet::new(1);
        let message = "Code: 279. DB::Exception: All connection tries failed. Log: \n\nCode: 210. DB::NetException: Connection refused (127.0.0.1:28202, local address: 127.0.0.1:55460). (NETWORK_ERROR)";
        fleet.asked_all("c", Some(&Failure::Exception { code: 60, message: "no table".into() }));
        assert_eq!(fleet.missing(), None);
        fleet.asked_all("c", Some(&Failure::Exception { code: 279, message: message.into() }));
        let (away, none_left) = fleet.missing().unwrap();
        assert_eq!((away.name.as_str(), none_left), ("127.0.0.1:28202", false));
        fleet.asked_all("c", None);
        assert_eq!(fleet.missing(), None);
    }
}
