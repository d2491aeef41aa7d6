//! The functions by name, <https://hl7.org/fhirpath/N1/#functions> and <https://hl7.org/fhir/R4/fhirpath.html#functions>.
//!
//! Not here: `is`, `as` and `ofType`, which take a type and are part of the tree; and `subsumes()` and its like, which need a terminology
//! server.

use std::borrow::Cow;

use crate::{
    EvaluateError,
    ast::{Call, Expr},
    evaluate::{Collection, Evaluation, Focus, single},
    item::Item,
    text::Text,
};

mod boundary;
mod combining;
mod conversion;
mod encoding;
mod existence;
mod extension;
mod filter;
mod math;
mod narrative;
mod navigation;
mod pattern;
mod reference;
mod sort;
pub(crate) mod string;
mod subset;
mod terminology;
mod time;

/// A call that is being evaluated.
pub(crate) struct Invocation<'c, 'a> {
    pub(crate) evaluation: &'c Evaluation<'c, 'a>,
    pub(crate) call: &'a Call,
    pub(crate) input: &'c [Item<'a>],
    /// What `$this` is outside the call, where its arguments are evaluated.
    pub(crate) focus: Focus<'c, 'a>,
}

type Items<'a> = Result<Vec<Item<'a>>, EvaluateError>;

macro_rules! functions {
    ($($variant:ident $name:literal $least:literal $most:literal => $module:ident::$function:ident;)*) => {
        /// One of the functions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Function { $($variant),* }

        impl Function {
            /// The function with this name.
            pub(crate) fn parse(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The least and the greatest number of its arguments.
            pub(crate) fn arity(self) -> (usize, usize) {
                match self { $(Self::$variant => ($least, $most)),* }
            }
        }

        /// The result of a call.
        pub(crate) fn call<'a>(invocation: &Invocation<'_, 'a>) -> Items<'a> {
            match invocation.call.function { $(Function::$variant => $module::$function(invocation)),* }
        }
    };
}

functions! {
    Empty "empty" 0 0 => existence::empty;
    Exists "exists" 0 1 => existence::exists;
    All "all" 1 1 => existence::all;
    AllTrue "allTrue" 0 0 => existence::all_true;
    AnyTrue "anyTrue" 0 0 => existence::any_true;
    AllFalse "allFalse" 0 0 => existence::all_false;
    AnyFalse "anyFalse" 0 0 => existence::any_false;
    SubsetOf "subsetOf" 1 1 => existence::subset_of;
    SupersetOf "supersetOf" 1 1 => existence::superset_of;
    Count "count" 0 0 => existence::count;
    Distinct "distinct" 0 0 => existence::distinct;
    IsDistinct "isDistinct" 0 0 => existence::is_distinct;
    Not "not" 0 0 => existence::not;
    HasValue "hasValue" 0 0 => existence::has_value;
    GetValue "getValue" 0 0 => existence::get_value;
    Where "where" 1 1 => filter::where_;
    Select "select" 1 1 => filter::select;
    Repeat "repeat" 1 1 => filter::repeat;
    Iif "iif" 2 3 => filter::iif;
    Aggregate "aggregate" 1 2 => filter::aggregate;
    Trace "trace" 1 2 => filter::trace;
    Sort "sort" 0 9 => sort::sort;
    Single "single" 0 0 => subset::only;
    First "first" 0 0 => subset::first;
    Last "last" 0 0 => subset::last;
    Tail "tail" 0 0 => subset::tail;
    Skip "skip" 1 1 => subset::skip;
    Take "take" 1 1 => subset::take;
    Intersect "intersect" 1 1 => combining::intersect;
    Exclude "exclude" 1 1 => combining::exclude;
    Union "union" 1 1 => combining::union;
    Combine "combine" 1 1 => combining::combine;
    ToBoolean "toBoolean" 0 0 => conversion::to_boolean;
    ConvertsToBoolean "convertsToBoolean" 0 0 => conversion::converts_to_boolean;
    ToInteger "toInteger" 0 0 => conversion::to_integer;
    ConvertsToInteger "convertsToInteger" 0 0 => conversion::converts_to_integer;
    ToDecimal "toDecimal" 0 0 => conversion::to_decimal;
    ConvertsToDecimal "convertsToDecimal" 0 0 => conversion::converts_to_decimal;
    ToDate "toDate" 0 0 => conversion::to_date;
    ConvertsToDate "convertsToDate" 0 0 => conversion::converts_to_date;
    ToDateTime "toDateTime" 0 0 => conversion::to_date_time;
    ConvertsToDateTime "convertsToDateTime" 0 0 => conversion::converts_to_date_time;
    ToTime "toTime" 0 0 => conversion::to_time;
    ConvertsToTime "convertsToTime" 0 0 => conversion::converts_to_time;
    ToQuantity "toQuantity" 0 1 => conversion::to_quantity;
    ConvertsToQuantity "convertsToQuantity" 0 1 => conversion::converts_to_quantity;
    ToString "toString" 0 0 => conversion::to_string;
    ConvertsToString "convertsToString" 0 0 => conversion::converts_to_string;
    IndexOf "indexOf" 1 1 => string::index_of;
    LastIndexOf "lastIndexOf" 1 1 => string::last_index_of;
    Substring "substring" 1 2 => string::substring;
    StartsWith "startsWith" 1 1 => string::starts_with;
    EndsWith "endsWith" 1 1 => string::ends_with;
    Contains "contains" 1 1 => string::contains;
    Upper "upper" 0 0 => string::upper;
    Lower "lower" 0 0 => string::lower;
    Replace "replace" 2 2 => string::replace;
    Length "length" 0 0 => string::length;
    ToChars "toChars" 0 0 => string::to_chars;
    Trim "trim" 0 0 => string::trim;
    Split "split" 1 1 => string::split;
    Join "join" 0 1 => string::join;
    Matches "matches" 1 1 => pattern::matches;
    MatchesFull "matchesFull" 1 1 => pattern::matches;
    ReplaceMatches "replaceMatches" 2 2 => pattern::replace_matches;
    Encode "encode" 1 1 => encoding::encode;
    Decode "decode" 1 1 => encoding::decode;
    Escape "escape" 1 1 => encoding::escape;
    Unescape "unescape" 1 1 => encoding::unescape;
    Abs "abs" 0 0 => math::abs;
    Ceiling "ceiling" 0 0 => math::ceiling;
    Exp "exp" 0 0 => math::exp;
    Floor "floor" 0 0 => math::floor;
    Ln "ln" 0 0 => math::ln;
    Log "log" 1 1 => math::log;
    Power "power" 1 1 => math::power;
    Round "round" 0 1 => math::round;
    Sqrt "sqrt" 0 0 => math::sqrt;
    Truncate "truncate" 0 0 => math::truncate;
    LowBoundary "lowBoundary" 0 1 => boundary::low;
    HighBoundary "highBoundary" 0 1 => boundary::high;
    Precision "precision" 0 0 => boundary::precision;
    Comparable "comparable" 1 1 => boundary::comparable;
    Now "now" 0 0 => time::now;
    Today "today" 0 0 => time::today;
    TimeOfDay "timeOfDay" 0 0 => time::time_of_day;
    Children "children" 0 0 => navigation::children;
    Descendants "descendants" 0 0 => navigation::descendants;
    Type "type" 0 0 => navigation::type_;
    ConformsTo "conformsTo" 1 1 => navigation::conforms_to;
    Resolve "resolve" 0 0 => reference::resolve;
    MemberOf "memberOf" 1 1 => terminology::member_of;
    HtmlChecks "htmlChecks" 0 0 => narrative::html_checks;
    Extension "extension" 1 1 => extension::extension;
    HasExtension "hasExtension" 1 1 => extension::has_extension;
}

impl Function {
    /// Whether its first argument is a regular expression.
    pub(crate) fn takes_pattern(self) -> bool {
        matches!(self, Self::Matches | Self::MatchesFull | Self::ReplaceMatches)
    }

    /// The regular expression as this function means it: of the whole text, or of any part of it.
    pub(crate) fn anchored(self, pattern: &str) -> String {
        if self == Self::MatchesFull { format!("^(?:{pattern})$") } else { pattern.to_owned() }
    }
}

impl<'c, 'a> Invocation<'c, 'a> {
    /// The only item of the input, if there is one; several are an error.
    fn item(&self) -> Result<Option<&'c Item<'a>>, EvaluateError> {
        single(self.input, "This function")
    }

    /// The value of the only item of the input, if there is one.
    fn value(&self) -> Result<Option<Item<'c>>, EvaluateError> {
        Ok(self.item()?.map(Item::system))
    }

    /// The text of the only item of the input, if there is one; another type is an error.
    fn text(&self) -> Result<Option<Text<'a>>, EvaluateError> {
        let text = text(self.input)?;
        self.evaluation.budget.spend_on_text(text.as_deref().unwrap_or_default())?;
        Ok(text)
    }

    fn expression(&self, index: usize) -> Option<&'a Expr> {
        self.call.arguments.get(index)
    }

    /// What an argument is, outside the call; empty when it is not given.
    fn argument(&self, index: usize) -> Result<Collection<'c, 'a>, EvaluateError> {
        match self.expression(index) {
            Some(expr) => self.evaluation.evaluate(expr, self.focus),
            None => Ok(Cow::Borrowed(&[])),
        }
    }

    fn text_argument(&self, index: usize) -> Result<Option<Text<'a>>, EvaluateError> {
        text(&self.argument(index)?)
    }

    fn integer_argument(&self, index: usize) -> Result<Option<i64>, EvaluateError> {
        match single(&self.argument(index)?, "An argument")?.map(Item::system) {
            None => Ok(None),
            Some(Item::Integer(number)) => Ok(Some(number)),
            Some(_) => Err(EvaluateError::ill_typed("An argument should be an integer.")),
        }
    }

    /// What an argument is for one item of the input.
    fn on<'f>(
        &'f self,
        index: usize,
        item: &'f Item<'a>,
        at: usize,
    ) -> Result<Collection<'f, 'a>, EvaluateError> {
        match self.expression(index) {
            Some(expr) => self.evaluation.evaluate(expr, self.focus.on(item, at)),
            None => Ok(Cow::Borrowed(&[])),
        }
    }
}

fn text<'a>(items: &[Item<'a>]) -> Result<Option<Text<'a>>, EvaluateError> {
    match single(items, "This function")? {
        None => Ok(None),
        Some(item) => match item.text() {
            Some(text) => Ok(Some(text)),
            None => Err(EvaluateError::ill_typed(format!("{} is no text.", item.type_info().1))),
        },
    }
}

fn boolean<'a>(value: bool) -> Items<'a> {
    Ok(vec![Item::Boolean(value)])
}
