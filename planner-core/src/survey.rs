//! Taking a snapshot, without IO: the survey says what it needs next, the host asks the server, until all is known.

use std::collections::{BTreeMap, BTreeSet};

use crate::answer::{self, ServerAnswer, TableRow};
use crate::chunking::size_budget::Heavy;
use crate::engine;
use crate::histogram::{KeyHistogram, KeyOrigin, MOST_POINTS};
use crate::key::{self, KeyColumn, KeySpan};
use crate::limits::MOST_BELOW;
use crate::policy::Policy;
use crate::probe::{self, Answers, Probe, Spread};
use crate::refusal::Refusal;
use crate::snapshot::{self, Column, DedupWindow, Partition, ProfileOrigin, Snapshot, Table, TimeProfile, View, ViewColumn};
use crate::sql::identifier::{Identifier, TableName};
use crate::sql::tokens::{self, Token};
use crate::time_column;
use crate::write_path;

/// What a snapshot is wanted of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveySpec {
    /// Limits and defaults, kept in the snapshot.
    pub policy: Policy,
    /// Where rows are read; none: the source of the views that feed the target.
    pub source: Option<TableName>,
    /// Where rows are written.
    pub target: TableName,
    /// The time column to profile; none: the one that planning resolves.
    pub time_column: Option<Identifier>,
}

/// How far a survey has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Survey {
    /// All is known.
    Ready(Box<Snapshot>),
    /// These are to be asked, then the survey is called again with the answers added.
    Ask(Vec<Probe>),
    /// No snapshot is possible.
    Refused(Refusal),
}

/// The next step of a survey, from the answers so far.
pub fn survey(spec: &SurveySpec, answers: &Answers) -> Survey {
    match step(spec, answers) {
        Ok(snapshot) => Survey::Ready(Box::new(snapshot)),
        Err(Stop::Ask(probes)) => Survey::Ask(probes),
        Err(Stop::Refuse(refusal)) => Survey::Refused(refusal),
    }
}

/// Adds the answers of detail probes to a snapshot. The result is another snapshot, with its own digest.
pub fn extend(snapshot: &Snapshot, answers: &Answers) -> Result<Snapshot, Refusal> {
    let mut extended = snapshot.clone();
    for (probe, text) in answers {
        if !is_detail_of(probe, snapshot) {
            return Err(Refusal::new(
                "not-a-detail",
                format!("{probe:?} asks nothing that a plan of this snapshot can need"),
                "send the probes that planning returned",
            ));
        }
        match probe {
            Probe::TimeMarks { table, column } | Probe::TimeColumn { table, column } => {
                let profile = read_profile(probe, text)?.ok_or_else(|| {
                    Refusal::new(
                        "marks-without-time",
                        format!("the index of {table} does not hold '{column}'"),
                        "ask for the column itself",
                    )
                })?;
                for side in [&mut extended.source, &mut extended.target] {
                    if &side.name == table {
                        side.times.insert(column.clone(), profile.clone());
                    }
                }
            }
            Probe::DayStarts { zone, .. } => {
                let known = extended.day_starts.entry(zone.clone()).or_default();
                // The probes of one zone may leave a gap between them; only one run of days is kept.
                *known = answer::day_starts(text)?;
            }
            Probe::KeyMarks { spread, .. } => {
                let finer = match probe::words_of_refusal(text) {
                    Some(words) => KeyHistogram::unknown(words),
                    None => marks(&extended.source, text, *spread)?,
                };
                match &mut extended.source.keys {
                    Some(known) if finer.origin == KeyOrigin::IndexMarks => known.refine(finer),
                    keys => *keys = Some(finer),
                }
            }
            Probe::KeySample { columns, .. } => {
                let keys = answer::keys(text, KeyOrigin::Sample, columns.clone())?;
                extended.source.keys = Some(keys.histogram);
            }
            Probe::KeyBelow { columns, spans, .. } => deepen(&mut extended.source, text, columns, spans)?,
            Probe::Server | Probe::Tables { .. } | Probe::Columns { .. } | Probe::Partitions { .. } => {}
        }
    }
    Ok(extended)
}

/// Whether a probe asks something that only refines this snapshot: about its own tables and columns, or about days.
pub fn is_detail_of(probe: &Probe, snapshot: &Snapshot) -> bool {
    match probe {
        Probe::TimeMarks { table, column } | Probe::TimeColumn { table, column } => [&snapshot.source, &snapshot.target]
            .iter()
            .any(|side| &side.name == table && time_column::time_columns(side).iter().any(|name| name == column.as_str())),
        Probe::KeyMarks { table, columns, descending, .. } => {
            table == &snapshot.source.name && (*columns, descending.clone()) == index_shape(&snapshot.source)
        }
        // Its columns are SQL, so what comes from outside must be what the survey itself would ask.
        Probe::KeySample { .. } => probe == &sample_probe(&snapshot.source, None),
        // Its bounds are literals of known types, whatever they hold.
        Probe::KeyBelow { table, columns, spans, .. } => {
            table == &snapshot.source.name && Some(columns) == columns_below(&snapshot.source).as_ref() && spans.len() <= MOST_BELOW
        }
        Probe::DayStarts { .. } => true,
        Probe::Server | Probe::Tables { .. } | Probe::Columns { .. } | Probe::Partitions { .. } => false,
    }
}

/// What differs between two snapshots in a way that a plan rests on. Numbers of rows do not count.
pub fn changes(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let mut found = Vec::new();
    for (side, old, new) in [("source", &before.source, &after.source), ("target", &before.target, &after.target)] {
        let mut differs = |what: &str, changed: bool| {
            if changed {
                found.push(format!("{side} {}: {what}", old.name));
            }
        };
        differs("is another table (its uuid changed)", old.uuid != new.uuid);
        differs("engine changed", old.engine != new.engine);
        differs("partition key changed", old.partition_key != new.partition_key);
        differs("sorting key changed", old.sorting_key != new.sorting_key);
        let shape = |table: &Table| -> Vec<(String, String, snapshot::DefaultKind)> {
            table.columns.iter().map(|column| (column.name.to_string(), column.type_name.clone(), column.default_kind)).collect()
        };
        differs("columns changed", shape(old) != shape(new));
    }
    let texts = |snapshot: &Snapshot| -> Vec<(String, String)> {
        snapshot.feeding_views().map(|view| (view.name.to_string(), view.select.clone())).collect()
    };
    if texts(before) != texts(after) {
        found.push("the views that feed the target changed".into());
    }
    if write_path::choose(&before.server) != write_path::choose(&after.server) {
        found.push(format!("the server changed from {} to {}", before.server.version, after.server.version));
    }
    found
}

enum Stop {
    Ask(Vec<Probe>),
    Refuse(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}

/// The answers of all these probes; asks for those that are missing.
fn need<const N: usize>(answers: &Answers, probes: [Probe; N]) -> Result<[&str; N], Stop> {
    let missing: Vec<Probe> = probes.iter().filter(|probe| !answers.contains_key(*probe)).cloned().collect();
    if !missing.is_empty() {
        return Err(Stop::Ask(missing));
    }
    Ok(probes.map(|probe| answers.get(&probe).map_or("", String::as_str)))
}

fn step(spec: &SurveySpec, answers: &Answers) -> Result<Snapshot, Stop> {
    let mut names = vec![spec.target.clone()];
    names.extend(spec.source.clone().filter(|source| source != &spec.target));
    let [server, tables] = need(answers, [Probe::Server, Probe::Tables { names }])?;
    let ServerAnswer { server, merge_tree } = answer::server(server)?;
    let rows = answer::tables(tables)?;
    let target_row = find(&rows, &spec.target)?;
    let mut views = views(&rows)?;
    let source = match &spec.source {
        Some(source) => source.clone(),
        None => source_of_feeders(&views, &spec.target)?,
    };
    let source_row = find(&rows, &source)?;
    views.retain(|view| view.source == source || view.source == spec.target || view.target.as_ref() == Some(&spec.target));

    let both: Vec<TableName> = BTreeSet::from([source.clone(), spec.target.clone()]).into_iter().collect();
    let fired: BTreeSet<TableName> =
        views.iter().filter(|view| view.source == spec.target).filter_map(|view| view.target.clone()).collect();
    let described: BTreeSet<TableName> = both.iter().cloned().chain(views.iter().map(|view| view.name.clone())).collect();
    let [columns, partitions, fired_rows] = need(
        answers,
        [
            Probe::Columns { names: described.into_iter().collect() },
            Probe::Partitions { names: both },
            Probe::Tables {
                names: if fired.is_empty() { names_of(&spec.target, spec.source.as_ref()) } else { fired.into_iter().collect() },
            },
        ],
    )?;
    let columns = answer::columns(columns)?;
    let partitions = answer::partitions(partitions)?;
    let fired_rows = answer::tables(fired_rows)?;
    for view in &mut views {
        view.columns = columns
            .iter()
            .filter(|(table, _)| table == &view.name)
            .map(|(_, column)| ViewColumn { name: column.name.clone(), type_name: column.type_name.clone() })
            .collect();
        if view.source == spec.target {
            view.target_dedup =
                view.target.as_ref().and_then(|name| fired_rows.iter().find(|row| row.is(name))).map(|row| dedup(row, &merge_tree));
        }
    }
    let mut source = table(source_row, source, &columns, &partitions, &merge_tree);
    let mut target = table(target_row, spec.target.clone(), &columns, &partitions, &merge_tree);
    let asked = profile_both(spec, &mut source, &mut target, answers);
    let keys = profile_key(spec, &mut source, answers);
    join(asked, keys)?;
    Ok(Snapshot { day_starts: BTreeMap::new(), format: snapshot::FORMAT, policy: spec.policy.clone(), server, source, target, views })
}

fn names_of(target: &TableName, source: Option<&TableName>) -> Vec<TableName> {
    let mut names = vec![target.clone()];
    names.extend(source.filter(|source| *source != target).cloned());
    names
}

/// Profiles the time column of the source, and of the target where it holds rows that a window could meet.
fn profile_both(spec: &SurveySpec, source: &mut Table, target: &mut Table, answers: &Answers) -> Result<(), Stop> {
    // A time column that cannot be resolved is planning's to refuse, not the survey's.
    let Ok(resolved) = time_column::resolve(spec.time_column.as_ref(), &spec.policy, source) else { return Ok(()) };
    if engine::folding(&source.engine).is_none() {
        return Ok(());
    }
    let mut missing = Vec::new();
    let mut wanted = |probe: Probe| -> Result<Option<TimeProfile>, Refusal> {
        let Some(text) = answers.get(&probe) else {
            missing.push(probe);
            return Ok(None);
        };
        read_profile(&probe, text)
    };
    let column = resolved.column;
    let of_column = |table: &Table| Probe::TimeColumn { table: table.name.clone(), column: column.clone() };
    let source_profile = match time_column::profile_probe(source, &column) {
        None => time_column::from_partitions(source, &column),
        Some(probe) if source.rows() == 0 => {
            Some(TimeProfile { buckets: Vec::new(), null_rows: 0, origin: origin(&probe), step_ms: 900_000 })
        }
        Some(probe) => match wanted(probe.clone())? {
            Some(profile) => Some(profile),
            // The index leaves this column out: the partitions may tell it, else it is read itself.
            None if answers.contains_key(&probe) => match time_column::from_partitions(source, &column) {
                Some(profile) => Some(profile),
                None => wanted(of_column(source))?,
            },
            None => None,
        },
    };
    let holds_times = target.rows() > 0 && time_column::time_columns(target).iter().any(|name| name == column.as_str());
    let target_profile = if holds_times && target.name != source.name { wanted(of_column(target))? } else { None };
    if !missing.is_empty() {
        return Err(Stop::Ask(missing));
    }
    source.times.extend(source_profile.map(|profile| (column.clone(), profile)));
    target.times.extend(target_profile.map(|profile| (column.clone(), profile)));
    Ok(())
}

/// Both questions in one round.
fn join(one: Result<(), Stop>, other: Result<(), Stop>) -> Result<(), Stop> {
    match (one, other) {
        (Err(Stop::Ask(mut probes)), Err(Stop::Ask(more))) => {
            probes.extend(more);
            Err(Stop::Ask(probes))
        }
        (Err(stop), _) | (Ok(()), Err(stop)) => Err(stop),
        (Ok(()), Ok(())) => Ok(()),
    }
}

/// The source's distribution over its sorting key: from the index, else from a sample, else unknown.
fn profile_key(spec: &SurveySpec, source: &mut Table, answers: &Answers) -> Result<(), Stop> {
    let stored = engine::folding(&source.engine).is_some();
    if !(stored && source.rows() > 0 || engine::readable(&source.engine)) {
        return Ok(());
    }
    let mut why = None;
    if stored && !source.primary_key.is_empty() {
        let probe = key_probe(source);
        let [answer] = need(answers, [probe.clone()])?;
        match (probe::words_of_refusal(answer), &probe) {
            (None, Probe::KeyMarks { spread, .. }) => {
                source.keys = Some(marks(source, answer, *spread)?);
                return Ok(());
            }
            (words, _) => why = words.map(|words| format!("the index cannot be read ({words})")),
        }
    }
    if stored && source.sorting_key.is_empty() {
        source.keys = Some(KeyHistogram::unknown("the table has no sorting key"));
        return Ok(());
    }
    let time = time_column::resolve(spec.time_column.as_ref(), &spec.policy, source).ok();
    let probe = sample_probe(source, time.map(|time| time.column));
    let Probe::KeySample { columns, .. } = &probe else { return Ok(()) };
    let [answer] = need(answers, [probe.clone()])?;
    if let Some(words) = probe::words_of_refusal(answer) {
        source.keys = Some(KeyHistogram::unknown(why.unwrap_or_else(|| format!("its rows cannot be sampled ({words})"))));
        return Ok(());
    }
    let mut keys = answer::keys(answer, KeyOrigin::Sample, columns.clone())?;
    keys.histogram.why = why.unwrap_or_else(|| format!("{} is a {}, which has no index", source.name, source.engine));
    if keys.histogram.columns.is_empty() {
        keys.histogram.origin = KeyOrigin::Unknown;
    }
    // A source without parts: what the sample tells of it stands for one.
    if source.partitions.is_empty() {
        source.partitions.extend(keys.sizes.into_iter().map(|(id, (rows, bytes))| Partition {
            bytes,
            disk_bytes: None,
            name: id.clone(),
            id,
            max_time: None,
            min_time: None,
            parts: 1,
            rows,
        }));
    }
    source.keys = Some(keys.histogram);
    Ok(())
}

/// Number of the primary index's columns, and the positions of those sorted downwards.
fn index_shape(table: &Table) -> (u32, Vec<u32>) {
    let columns = u32::try_from(key::primary_length(table)).unwrap_or(0);
    (columns, table.descending.iter().copied().filter(|at| *at < columns).collect())
}

/// The probe that tells how a table is spread over its sorting key.
pub(crate) fn key_probe(table: &Table) -> Probe {
    let partitions = u32::try_from(table.partitions.len()).unwrap_or(u32::MAX).max(1);
    // Half of the points evenly, at least 16 for each of the first hundreds of partitions, half where the rows are.
    finer_key_probe(table, Spread::Points { each: MOST_POINTS / 2 / partitions, shared: MOST_POINTS / 2 })
}

/// The same with so many points.
pub(crate) fn finer_key_probe(table: &Table, spread: Spread) -> Probe {
    let (columns, descending) = index_shape(table);
    Probe::KeyMarks { table: table.name.clone(), columns, descending, spread }
}

/// The whole sorting key, where it has columns that the histogram does not tell; those that it tells with their types.
fn columns_below(table: &Table) -> Option<Vec<KeyColumn>> {
    let known = table.keys.as_ref().filter(|histogram| histogram.origin == KeyOrigin::IndexMarks)?;
    let mut columns = key::sorting_columns(table);
    let told = known.columns.iter().filter(|column| !column.type_name.is_empty());
    for (column, told) in columns.iter_mut().zip(told) {
        column.type_name.clone_from(&told.type_name);
    }
    let index = known.columns.len().min(key::primary_length(table));
    (columns.len() > index && index > 0).then_some(columns)
}

/// The probe that looks below tuples which the index does not divide, where the sorting key goes on.
pub(crate) fn below_probe(table: &Table, heavy: &[Heavy], rows_a_point: u64) -> Option<Probe> {
    let looked = |one: &Heavy| {
        let below = table.keys.as_ref().and_then(|histogram| histogram.below.get(&one.partition));
        below.is_some_and(|tuples| tuples.contains(&one.from))
    };
    let columns = columns_below(table)?;
    let mut heaviest: Vec<&Heavy> = heavy.iter().collect();
    heaviest.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| (&a.partition, &a.from).cmp(&(&b.partition, &b.from))));
    heaviest.truncate(MOST_BELOW);
    let span = |one: &&Heavy| KeySpan {
        bucket: None,
        from: Some(one.from.clone()),
        partitions: if table.partition_key.is_empty() { Vec::new() } else { vec![one.partition.clone()] },
        to: one.to.clone(),
    };
    let spans: Vec<KeySpan> = heaviest.iter().filter(|one| !looked(one)).map(span).collect();
    (!spans.is_empty()).then(|| Probe::KeyBelow { table: table.name.clone(), columns, rows_a_point, spans })
}

/// Adds what was found below tuples; a refusal is remembered as nothing found.
fn deepen(source: &mut Table, text: &str, columns: &[KeyColumn], spans: &[KeySpan]) -> Result<(), Refusal> {
    let found = match probe::words_of_refusal(text) {
        Some(_) => answer::below("", Vec::new())?,
        None => answer::below(text, columns.to_vec())?,
    };
    let Some(histogram) = &mut source.keys else { return Ok(()) };
    let deeper = found.columns.len() > histogram.columns.len();
    for (at, span) in spans.iter().enumerate() {
        let partition = span.partitions.first().cloned().or_else(|| histogram.partitions.keys().next().cloned());
        let tuples = found.tuples.get(&at).filter(|_| deeper || found.columns.len() == histogram.columns.len());
        if let (Some(partition), Some(from)) = (partition, &span.from) {
            histogram.deepen(&partition, from, tuples.map(Vec::as_slice).unwrap_or_default());
        }
    }
    if deeper {
        histogram.columns = found.columns;
    }
    histogram.thin();
    Ok(())
}

/// The probe that samples a table's sorting key; of a source without one, its time column.
fn sample_probe(table: &Table, time: Option<Identifier>) -> Probe {
    let partitioned = engine::folding(&table.engine).is_some();
    let columns = if partitioned {
        key::sorting_columns(table)
    } else {
        time.map(|column| KeyColumn { descending: false, expression: column.quoted(), type_name: String::new() }).into_iter().collect()
    };
    let partitions = u32::try_from(table.partitions.len()).unwrap_or(u32::MAX).max(1);
    Probe::KeySample { table: table.name.clone(), columns, partitioned, each: (4 * MOST_POINTS / partitions).max(64) }
}

/// Reads points of the primary index.
fn marks(table: &Table, text: &str, spread: Spread) -> Result<KeyHistogram, Refusal> {
    let mut columns = key::sorting_columns(table);
    columns.truncate(key::primary_length(table));
    let mut histogram = answer::keys(text, KeyOrigin::IndexMarks, columns)?.histogram;
    if let Spread::Rows { rows_a_point, .. } = spread {
        histogram.rows_a_point = rows_a_point;
    }
    if histogram.columns.is_empty() {
        histogram =
            KeyHistogram::unknown(format!("the leading column of its key ({}) has a type that cuts cannot name", table.primary_key));
    }
    Ok(histogram)
}

fn origin(probe: &Probe) -> ProfileOrigin {
    match probe {
        Probe::TimeMarks { .. } => ProfileOrigin::IndexMarks,
        Probe::TimeColumn { .. }
        | Probe::Server
        | Probe::Tables { .. }
        | Probe::Columns { .. }
        | Probe::Partitions { .. }
        | Probe::KeyMarks { .. }
        | Probe::KeySample { .. }
        | Probe::KeyBelow { .. }
        | Probe::DayStarts { .. } => ProfileOrigin::Column,
    }
}

/// Reads a profile. `None` when the index in memory leaves the column out: it then shows the type's default everywhere
/// (`primary_key_ratio_of_unique_prefix_values_to_skip_suffix_columns`, clickhouse.md section 3).
fn read_profile(probe: &Probe, text: &str) -> Result<Option<TimeProfile>, Refusal> {
    let profile = answer::profile(text, origin(probe))?;
    let defaulted = profile.origin == ProfileOrigin::IndexMarks && profile.buckets.iter().any(|bucket| bucket.min.0 == 0);
    Ok((!defaulted).then_some(profile))
}

fn find<'a>(rows: &'a [TableRow], name: &TableName) -> Result<&'a TableRow, Refusal> {
    rows.iter().find(|row| row.is(name)).ok_or_else(|| {
        Refusal::new(
            "table-missing",
            format!("{name} does not exist, or this user may not see it"),
            format!("check the name; else GRANT SHOW TABLES, SELECT ON {} TO this user", name.quoted()),
        )
    })
}

fn table(
    row: &TableRow,
    name: TableName,
    columns: &[(TableName, Column)],
    partitions: &[(TableName, Partition)],
    defaults: &BTreeMap<String, String>,
) -> Table {
    Table {
        columns: columns.iter().filter(|(table, _)| table == &name).map(|(_, column)| column.clone()).collect(),
        dedup: dedup(row, defaults),
        descending: key::descending(&row.create_table_query),
        engine: row.engine.clone(),
        engine_full: row.engine_full.clone(),
        keys: None,
        partition_key: row.partition_key.clone(),
        partitions: partitions.iter().filter(|(table, _)| table == &name).map(|(_, partition)| partition.clone()).collect(),
        primary_key: row.primary_key.clone(),
        sorting_key: row.sorting_key.clone(),
        times: BTreeMap::new(),
        unfinished_mutations: row.unfinished_mutations(),
        uuid: row.uuid.clone(),
        name,
    }
}

/// The table's own settings over the server's defaults.
fn dedup(row: &TableRow, defaults: &BTreeMap<String, String>) -> DedupWindow {
    let seen = tokens::tokens(&row.engine_full);
    let value = |setting: &str| -> u64 {
        let own = seen.windows(3).find_map(|window| match window {
            [name, Token::Symbol('='), Token::Number(value)] if name.name() == Some(setting) => value.parse().ok(),
            _ => None,
        });
        own.or_else(|| defaults.get(setting).and_then(|value| value.parse().ok())).unwrap_or(0)
    };
    if engine::replicated(&row.engine) {
        DedupWindow { blocks: value("replicated_deduplication_window"), seconds: value("replicated_deduplication_window_seconds") }
    } else {
        DedupWindow { blocks: value("non_replicated_deduplication_window"), seconds: 0 }
    }
}

/// Every materialized view whose source is known.
fn views(rows: &[TableRow]) -> Result<Vec<View>, Refusal> {
    let mut views = Vec::new();
    for row in rows.iter().filter(|row| row.engine == "MaterializedView") {
        let name = row.table_name()?;
        let Some(source) = rows.iter().find(|source| source.fires(&name)) else { continue };
        let target = view_target(&row.create_table_query);
        views.push(View {
            columns: Vec::new(),
            select: row.as_select.clone(),
            source: source.table_name()?,
            target,
            target_dedup: None,
            uuid: row.uuid.clone(),
            name,
        });
    }
    Ok(views)
}

/// The table behind `TO` in a view's CREATE statement.
fn view_target(create: &str) -> Option<TableName> {
    let seen = tokens::tokens(create);
    // The column list and the SELECT come after it.
    let to = seen.iter().take_while(|token| !token.is("AS") && **token != Token::Symbol('(')).position(|token| token.is("TO"))?;
    match seen.get(to + 1..to + 4)? {
        [database, Token::Symbol('.'), table] => TableName::new(database.name()?, table.name()?).ok(),
        _ => None,
    }
}

fn source_of_feeders(views: &[View], target: &TableName) -> Result<TableName, Refusal> {
    let sources: BTreeSet<&TableName> = views.iter().filter(|view| view.target.as_ref() == Some(target)).map(|view| &view.source).collect();
    let mut sources = sources.into_iter();
    match (sources.next(), sources.next()) {
        (Some(only), None) => Ok(only.clone()),
        (None, _) => {
            Err(Refusal::new("source-unknown", format!("no source was given, and no materialized view writes {target}"), "name the source"))
        }
        (Some(first), Some(second)) => Err(Refusal::new(
            "source-ambiguous",
            format!("views on several tables write {target}: {first}, {second} …"),
            "name the source; plan once for each",
        )),
    }
}
