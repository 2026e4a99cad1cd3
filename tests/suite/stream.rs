//! The event stream: no gap and no repeat, whatever is cut.

use std::time::Duration;

use executor_api::event::{EventPage, StreamMessage};
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::sample;
use penstock_tests::service::{Service, request};

/// What one connection brought: stored events' ids in order, and whether it ended by itself.
struct Heard {
    ids: Vec<u64>,
    first_was_snapshot: bool,
    ended: bool,
    status: u16,
}

/// Listens until `limit` events were heard, or the stream ends. Cuts without ceremony.
async fn listen(service: &Service, job: &str, cursor: Option<u64>, limit: usize) -> Heard {
    let mut call = service.http.get(format!("{}/v1/jobs/{job}/events", service.url())).header("accept", "text/event-stream");
    if let Some(cursor) = cursor {
        call = call.header("Last-Event-ID", cursor.to_string());
    }
    let mut heard = Heard { ids: Vec::new(), first_was_snapshot: false, ended: false, status: 0 };
    let Ok(mut answer) = call.send().await else { return heard };
    heard.status = answer.status().as_u16();
    let (mut text, mut first) = (String::new(), true);
    while let Ok(Ok(Some(bytes))) = tokio::time::timeout(Duration::from_secs(20), answer.chunk()).await {
        text.push_str(&String::from_utf8_lossy(&bytes));
        while let Some(end) = text.find("\n\n") {
            let message: String = text.drain(..end + 2).collect();
            let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(name).map(|value| value.trim().to_owned()));
            let Some(data) = field("data:") else { continue };
            let parsed: StreamMessage = serde_json::from_str(&data).unwrap_or_else(|error| panic!("{error}: {data}"));
            assert_eq!(field("event:").as_deref(), Some(parsed.name()));
            heard.first_was_snapshot |= first && matches!(parsed, StreamMessage::Snapshot { .. });
            first = false;
            match parsed {
                StreamMessage::Event { event, .. } => {
                    assert_eq!(field("id:"), Some(event.id.to_string()));
                    heard.ids.push(event.id);
                }
                StreamMessage::Progress { .. } => assert_eq!(field("id:"), None, "progress has no id"),
                StreamMessage::End { .. } => heard.ended = true,
                StreamMessage::Snapshot { .. } | StreamMessage::Reset | StreamMessage::Heartbeat { .. } => {}
            }
            if heard.ids.len() >= limit || heard.ended {
                return heard;
            }
        }
    }
    heard
}

#[tokio::test]
async fn no_gap_and_no_repeat_over_many_cuts() {
    let server = ClickHouse::start();
    sample::install(&server, 200_000).await;
    let mut service = Service::start(&server.url()).await;
    let job = service.start_job(&request("demo.events", "demo.events_by_tenant", "6", Some(("2025-01-01", "2025-02-01"))), 2).await;
    let opened = listen(&service, &job.id, None, 1).await;
    assert!(opened.first_was_snapshot, "without a cursor the job comes first");

    let mut all: Vec<u64> = Vec::new();
    let mut cuts = 0;
    loop {
        let heard = listen(&service, &job.id, Some(all.last().copied().unwrap_or(0)), 1 + cuts % 9).await;
        all.extend(&heard.ids);
        cuts += 1;
        if cuts == 20 {
            service.revive().await;
        }
        assert!(cuts < 2000, "the stream never ended: {} events", all.len());
        if heard.ended {
            break;
        }
    }
    assert!(cuts > 25, "{cuts} cuts");
    assert!(all.iter().copied().eq(1..=all.len() as u64), "{all:?}");
    let stored: EventPage = service.get(&format!("/jobs/{}/log?after={}&limit=10", job.id, all.len())).await.unwrap();
    assert_eq!(stored.events, Vec::new(), "events were stored that the stream did not bring");
    assert_eq!(listen(&service, &job.id, Some(all.len() as u64), 1).await.status, 204, "nothing more will come");
    let beyond = listen(&service, &job.id, Some(1_000_000), 1).await;
    assert!(beyond.status == 204 || !beyond.ids.is_empty() || beyond.ended, "an unknown cursor is reset");
}
