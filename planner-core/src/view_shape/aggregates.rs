//! Names of aggregate functions.

/// Aggregate functions without their combinators (`If`, `State`, …), lower case: those that ClickHouse 26.7 lists, and older names.
#[rustfmt::skip]
const AGGREGATES: &[&str] = &[
    "aggthrow", "analysisofvariance", "anova", "any", "any_respect_nulls", "any_value", "any_value_respect_nulls", "anyheavy", "anylast",
    "anylast_respect_nulls", "anylastrespectnulls", "anyrespectnulls", "anyvaluerespectnulls", "approx_top_count", "approx_top_k",
    "approx_top_sum", "argandmax", "argandmin", "argmax", "argmin", "array_agg", "array_concat_agg", "avg", "avgweighted", "bit_and",
    "bit_or", "bit_xor", "boundingratio", "categoricalinformationvalue", "contingency", "corr", "corrmatrix", "corrstable", "count",
    "covar_pop", "covar_samp", "covarpop", "covarpopmatrix", "covarpopstable", "covarsamp", "covarsampmatrix", "covarsampstable",
    "cramersv", "cramersvbiascorrected", "deltasum", "deltasumtimestamp", "distinctdynamictypes", "distinctjsonpaths",
    "distinctjsonpathsandtypes", "entropy", "estimatecompressionratio", "exponentialmovingaverage", "exponentialtimedecayedavg",
    "exponentialtimedecayedcount", "exponentialtimedecayedmax", "exponentialtimedecayedsum", "first_value", "first_value_respect_nulls",
    "firstvaluerespectnulls", "flamegraph", "group_concat", "grouparray", "grouparrayinsertat", "grouparrayintersect", "grouparraylast",
    "grouparraymovingavg", "grouparraymovingsum", "grouparraysample", "grouparraysorted", "groupbitand", "groupbitmap", "groupbitmapand",
    "groupbitmapor", "groupbitmapxor", "groupbitor", "groupbitxor", "groupconcat", "groupformat", "groupnumericindexedvector",
    "groupuniqarray", "histogram", "intervallengthsum", "kolmogorovsmirnovtest", "kurtpop", "kurtsamp", "largesttrianglethreebuckets",
    "last_value", "last_value_respect_nulls", "lastvaluerespectnulls", "lttb", "mannwhitneyutest", "max", "max_by", "maxintersections",
    "maxintersectionsposition", "maxmap", "maxmappedarrays", "meanztest", "median", "medianbfloat16", "medianbfloat16weighted",
    "mediandd", "mediandeterministic", "medianexact", "medianexacthigh", "medianexactlow", "medianexactweighted",
    "medianexactweightedinterpolated", "mediangk", "medianinterpolatedweighted", "mediantdigest", "mediantdigestweighted", "mediantiming",
    "mediantimingweighted", "min", "min_by", "minmap", "minmappedarrays", "mvtencode", "quantile", "quantilebfloat16",
    "quantilebfloat16weighted", "quantiledd", "quantiledeterministic", "quantileexact", "quantileexactexclusive", "quantileexacthigh",
    "quantileexactinclusive", "quantileexactlow", "quantileexactweighted", "quantileexactweightedinterpolated", "quantilegk",
    "quantileinterpolatedweighted", "quantileprometheushistogram", "quantiles", "quantilesbfloat16", "quantilesbfloat16weighted",
    "quantilesdd", "quantilesdeterministic", "quantilesexact", "quantilesexactexclusive", "quantilesexacthigh", "quantilesexactinclusive",
    "quantilesexactlow", "quantilesexactweighted", "quantilesexactweightedinterpolated", "quantilesgk", "quantilesinterpolatedweighted",
    "quantilesprometheushistogram", "quantilestdigest", "quantilestdigestweighted", "quantilestiming", "quantilestimingweighted",
    "quantiletdigest", "quantiletdigestweighted", "quantiletiming", "quantiletimingweighted", "rankcorr", "retention", "sequencecount",
    "sequencematch", "sequencematchevents", "sequencenextnode", "simplelinearregression", "singlevalueornull", "skewpop", "skewsamp",
    "sparkbar", "st_asmvt", "std", "stddev", "stddev_pop", "stddev_samp", "stddevpop", "stddevpopstable", "stddevsamp",
    "stddevsampstable", "stochasticlinearregression", "stochasticlogisticregression", "string_agg", "studentttest",
    "studentttestonesample", "sum", "sumcount", "sumkahan", "summap", "summapfiltered", "summapfilteredwithoverflow", "summappedarrays",
    "summapwithoverflow", "sumwithoverflow", "theilsu", "timeserieschangestogrid", "timeseriesdeltatogrid", "timeseriesderivtogrid",
    "timeseriesgrouparray", "timeseriesincreasetogrid", "timeseriesinstantdeltatogrid", "timeseriesinstantratetogrid",
    "timeserieslasttogrid", "timeserieslasttwosamples", "timeseriespredictlineartogrid", "timeseriesratetogrid",
    "timeseriesresampletogridwithstaleness", "timeseriesresetstogrid", "topk", "topkweighted", "uniq", "uniqcombined", "uniqcombined64",
    "uniqexact", "uniqhll12", "uniqtheta", "uniqupto", "var_pop", "var_samp", "varpop", "varpopstable", "varsamp", "varsampstable",
    "welchttest", "windowfunnel",
];

/// Combinators that may follow an aggregate's name.
const COMBINATORS: &[&str] = &[
    "if",
    "array",
    "map",
    "state",
    "simplestate",
    "merge",
    "mergestate",
    "foreach",
    "distinct",
    "ordefault",
    "ornull",
    "resample",
    "argmin",
    "argmax",
];

/// Aggregates whose parts a `SummingMergeTree` puts together again, and what may follow them without changing that.
const SUMMABLE: &[&str] = &["sum", "sumwithoverflow", "count", "summap"];
const SUMMABLE_WITH: &[&str] = &["if", "array", "map", "foreach", "resample", "state", "simplestate"];

/// The aggregate's own name when a function is one: `sumif` → `sum`.
pub fn base_aggregate(name: &str) -> Option<&'static str> {
    let is_base = |base: &&str| name.strip_prefix(base).is_some_and(|rest| only(rest, COMBINATORS));
    AGGREGATES.iter().copied().filter(is_base).max_by_key(|base| base.len())
}

/// Whether the parts of this aggregate add up to the whole: not those of `sumDistinct`.
pub(crate) fn adds_up(name: &str) -> bool {
    SUMMABLE.iter().any(|base| name.strip_prefix(base).is_some_and(|rest| only(rest, SUMMABLE_WITH)))
}

fn only(rest: &str, combinators: &[&str]) -> bool {
    rest.is_empty() || combinators.iter().any(|combinator| rest.strip_prefix(combinator).is_some_and(|rest| only(rest, combinators)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinators_are_taken_off() {
        assert_eq!(base_aggregate("uniqexactstate"), Some("uniqexact"));
        assert_eq!(base_aggregate("uniqupto"), Some("uniqupto"));
        assert_eq!(base_aggregate("summary"), None);
    }

    #[test]
    fn what_adds_up_is_told() {
        for (name, expected) in
            [("sumif", true), ("countarrayif", true), ("summap", true), ("sumdistinct", false), ("countornull", false), ("uniq", false)]
        {
            assert_eq!(adds_up(name), expected, "{name}");
        }
    }
}
