//! Which texts are expressions, and how they bind.

use super::*;

/// The tree in prefix form.
fn shape(expr: &Expr) -> String {
    let all = |exprs: &[Expr]| exprs.iter().map(shape).collect::<Vec<_>>().join(" ");
    match expr {
        Expr::Empty => "{}".into(),
        Expr::Literal(item) => item.to_text().unwrap(),
        Expr::This => "$this".into(),
        Expr::Index => "$index".into(),
        Expr::Total => "$total".into(),
        Expr::Variable(name) => format!("%{name}"),
        Expr::Path { start, steps } => {
            let names: Vec<&str> = steps.iter().map(|step| &*step.name).collect();
            let start = start.as_ref().map(|start| format!("{}.", shape(start))).unwrap_or_default();
            format!("{start}{}", names.join("."))
        }
        Expr::Indexer { input, index } => format!("{}[{}]", shape(input), shape(index)),
        Expr::Call(call) => format!(
            "({:?} {} {})",
            call.function,
            call.input.as_ref().map(shape).unwrap_or_default(),
            all(&call.arguments)
        ),
        Expr::Typed { input, operation, .. } => {
            format!("({operation:?} {})", input.as_ref().map(|i| shape(i)).unwrap_or_default())
        }
        Expr::Negate(operand) => format!("(- {})", shape(operand)),
        Expr::Union(parts) => format!("(| {})", all(parts)),
        Expr::Binary { operator, left, right } => format!("({operator:?} {} {})", shape(left), shape(right)),
    }
}

#[test]
fn how_operators_bind() {
    for (text, expected) in [
        ("1+2*3+4", "(Add (Add 1 (Multiply 2 3)) 4)"),
        ("a | b | c = d", "(Equal (| a b c) d)"),
        ("-a.b", "(- a.b)"),
        ("1 | 1 is Integer", "(| 1 (Is 1))"),
        ("1 > 2 is Boolean", "(Greater 1 (Is 2))"),
        ("a and b or c implies d", "(Implies (Or (And a b) c) d)"),
        ("x in y and z", "(And (In x y) z)"),
        ("a = b != c", "(NotEqual (Equal a b) c)"),
        ("(Observation.value as Quantity).unit", "(As Observation.value).unit"),
        ("Patient.contains.div.as", "Patient.contains.div.as"),
        ("a.where(b = 'c').d[0].e", "(Where a (Equal b c)).d[0].e"),
        ("4 days + 1 'mg'", "(Add 4 days 1 'mg')"),
        ("%`a b`.c", "%a b.c"),
        ("`div` mod 2", "(Modulo div 2)"),
    ] {
        let tree = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(shape(&tree), expected, "{text}");
    }
}

#[test]
fn what_is_no_expression() {
    for text in [
        "",
        "2 + 2 /",
        "(1",
        "1)",
        "a.",
        "a..b",
        "a[",
        "foo()",
        "exists(1, 2)",
        "where()",
        "a is",
        "a is 5",
        "a as Nonsense",
        "a.ofType(FHIR.Nonsense)",
        "$that",
        "@2015-13",
        "@T14:34:28Z",
        "and b",
        "{1}",
        "a b",
        "'a'.matches('(')",
        "%",
        "99999999999999999999",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert!(parse("a.is(System.Nonsense)").is_ok());
}

#[test]
fn depth_is_bounded() {
    assert!(parse(&format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000))).is_err());
    assert!(parse(&format!("{}1", "-".repeat(10_000))).is_err());
    assert!(parse(&format!("a{}", ".first()".repeat(5_000))).is_err());
    assert!(parse(&format!("1{}", "+1".repeat(10_000))).is_err());
    assert!(parse(&"a.".repeat(40_000)).is_err());
    assert!(parse(&format!("a{}", ".a".repeat(1_000))).is_ok());
    assert!(parse(&format!("a{}", " | a".repeat(1_000))).is_ok());
    assert!(parse(&format!("a{}", " and a".repeat(90))).is_ok());
}
