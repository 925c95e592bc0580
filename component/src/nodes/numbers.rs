//! Arithmetic as Python does it, with one difference: with an integer item, a
//! result that is whole is an integer, of any size, and no digit is lost. The
//! module `_numbers.py` of the Python package follows the same rules.

use num_bigint::{BigInt, Sign};

use crate::value::Value;

/// Largest magnitude up to which floats hold every integer.
const EXACT: u64 = 1 << 53;

/// A number.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Big(BigInt),
    Float(f64),
}

impl Number {
    /// The number that a value is. A boolean is none here, though Python
    /// would count with it: `true * 2` is a mistake more often than not.
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Int(value) => Some(Self::Int(*value)),
            Value::BigInt(value) => Some(Self::Big((**value).clone())),
            Value::Float(value) => Some(Self::Float(*value)),
            _ => None,
        }
    }

    /// A whole float as the integer that it is.
    pub(super) fn whole(self) -> Self {
        match self {
            Self::Float(value) => match whole(value) {
                Value::Int(value) => Self::Int(value),
                Value::BigInt(value) => Self::Big(*value),
                _ => Self::Float(value),
            },
            integer => integer,
        }
    }

    /// The nearest float; `None` beyond the largest.
    pub(super) fn to_f64(&self) -> Option<f64> {
        match self {
            // Lossy by intent: nearest.
            Self::Int(value) => Some(*value as f64),
            Self::Big(value) => Some(nearest(value)).filter(|float| float.is_finite()),
            Self::Float(value) => Some(*value),
        }
    }
}

/// What is done with an item and the operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// An operation with its operand.
pub(super) struct Calculation {
    operation: Operation,
    /// For integers: an integer, where the operand is whole.
    exact: Number,
    /// For floats.
    float: Option<f64>,
}

impl Calculation {
    pub(super) fn new(operation: Operation, operand: Number) -> Self {
        Self {
            operation,
            float: operand.to_f64(),
            exact: operand.whole(),
        }
    }

    /// Applies it to a number, or to each number of a list. All else stays as
    /// it is.
    ///
    /// # Errors
    /// Division by zero; a result beyond the largest float.
    pub(super) fn apply(&self, item: Value) -> Result<Value, String> {
        match item {
            Value::Ints(items) => self.integers(items),
            Value::Floats(mut items) => {
                for item in &mut items {
                    *item = self.float(*item)?;
                }
                Ok(Value::Floats(items))
            }
            Value::List(mut items) => {
                for item in &mut items {
                    if let Some(result) = self.single(item)? {
                        *item = result;
                    }
                }
                Ok(Value::List(items))
            }
            item => Ok(self.single(&item)?.unwrap_or(item)),
        }
    }

    /// The result for a number; `None` for anything else.
    fn single(&self, item: &Value) -> Result<Option<Value>, String> {
        Ok(Some(match item {
            Value::Int(item) => self.integer(*item)?,
            Value::BigInt(item) => self.big(item)?,
            Value::Float(item) => Value::Float(self.float(*item)?),
            _ => return Ok(None),
        }))
    }

    fn integers(&self, mut items: Vec<i64>) -> Result<Value, String> {
        let Number::Int(operand) = self.exact else {
            return self.mixed(&items);
        };
        let operation: fn(i64, i64) -> Option<i64> = match self.operation {
            Operation::Add => i64::checked_add,
            Operation::Subtract => i64::checked_sub,
            Operation::Multiply => i64::checked_mul,
            Operation::Divide => return self.mixed(&items),
        };
        let fits = items.iter().all(|&item| operation(item, operand).is_some());
        if !fits {
            return self.mixed(&items);
        }
        for item in &mut items {
            *item = operation(*item, operand).unwrap_or_default();
        }
        Ok(Value::Ints(items))
    }

    fn mixed(&self, items: &[i64]) -> Result<Value, String> {
        let results = items.iter().map(|&item| self.integer(item));
        Ok(Value::list(results.collect::<Result<_, _>>()?))
    }

    /// The result for a float.
    pub(super) fn float(&self, item: f64) -> Result<f64, String> {
        let operand = self
            .float
            .ok_or("the operand is beyond the largest float")?;
        if self.operation == Operation::Divide && operand == 0.0 {
            return Err(by_zero());
        }
        Ok(self.floats(item, operand))
    }

    fn floats(&self, item: f64, operand: f64) -> f64 {
        match self.operation {
            Operation::Add => item + operand,
            Operation::Subtract => item - operand,
            Operation::Multiply => item * operand,
            Operation::Divide => item / operand,
        }
    }

    fn integer(&self, item: i64) -> Result<Value, String> {
        let small = |value: i64| value.unsigned_abs() <= EXACT;
        match self.exact {
            Number::Int(operand) => {
                let result = match self.operation {
                    Operation::Add => item.checked_add(operand),
                    Operation::Subtract => item.checked_sub(operand),
                    Operation::Multiply => item.checked_mul(operand),
                    Operation::Divide if operand == 0 => return Err(by_zero()),
                    Operation::Divide if item.checked_rem(operand) == Some(0) => {
                        item.checked_div(operand)
                    }
                    // Both are exact as floats, so one division rounds once.
                    Operation::Divide if small(item) && small(operand) => {
                        return Ok(Value::Float(item as f64 / operand as f64));
                    }
                    Operation::Divide => None,
                };
                match result {
                    Some(result) => Ok(Value::Int(result)),
                    None => self.big(&BigInt::from(item)),
                }
            }
            Number::Float(operand) if !operand.is_finite() => {
                Ok(Value::Float(self.floats(item as f64, operand)))
            }
            Number::Float(operand) if small(item) => {
                let result = self.floats(item as f64, operand);
                match result.is_finite() {
                    true => Ok(whole(result)),
                    false => Err(too_large()),
                }
            }
            _ => self.big(&BigInt::from(item)),
        }
    }

    fn big(&self, item: &BigInt) -> Result<Value, String> {
        match &self.exact {
            Number::Int(operand) => self.bigs(item, &BigInt::from(*operand), &BigInt::from(1)),
            Number::Big(operand) => self.bigs(item, operand, &BigInt::from(1)),
            Number::Float(operand) if operand.is_finite() => {
                let (numerator, shift) = parts(*operand);
                self.bigs(item, &numerator, &(BigInt::from(1) << shift))
            }
            // However large the item is, infinity is larger.
            Number::Float(operand) => {
                let sign = match item.sign() {
                    Sign::Minus => -1.0,
                    _ => 1.0,
                };
                Ok(Value::Float(self.floats(sign, *operand)))
            }
        }
    }

    /// With the operand as a fraction, whose denominator is positive.
    fn bigs(
        &self,
        item: &BigInt,
        numerator: &BigInt,
        denominator: &BigInt,
    ) -> Result<Value, String> {
        match self.operation {
            Operation::Add => ratio(item * denominator + numerator, denominator.clone()),
            Operation::Subtract => ratio(item * denominator - numerator, denominator.clone()),
            Operation::Multiply => ratio(item * numerator, denominator.clone()),
            Operation::Divide => match numerator.sign() {
                Sign::NoSign => Err(by_zero()),
                Sign::Plus => ratio(item * denominator, numerator.clone()),
                Sign::Minus => ratio(-item * denominator, -numerator),
            },
        }
    }
}

fn by_zero() -> String {
    "division by zero".to_owned()
}

fn too_large() -> String {
    "the result is beyond the largest float".to_owned()
}

/// A whole float as an integer, and any other as it is.
fn whole(value: f64) -> Value {
    // Every whole float of at least 2^63 has more digits than an i64.
    if value.fract() == 0.0 && value.is_finite() {
        if value.abs() < 9_223_372_036_854_775_808.0 {
            return Value::Int(value as i64);
        }
        let (numerator, _) = parts(value);
        return Value::integer(numerator);
    }
    Value::Float(value)
}

/// A finite float as `numerator / 2^shift`.
fn parts(value: f64) -> (BigInt, u64) {
    let bits = value.to_bits();
    let exponent = (bits >> 52) & 0x7ff;
    let fraction = bits & ((1 << 52) - 1);
    // Subnormal numbers lack the leading 1 and share the least exponent.
    let (mantissa, exponent) = match exponent {
        0 => (fraction, -1074),
        exponent => (fraction | 1 << 52, exponent as i64 - 1075),
    };
    let zeros = i64::from(mantissa.trailing_zeros().min(52));
    let (mantissa, exponent) = (mantissa >> zeros, exponent + zeros);
    let mut numerator = BigInt::from(mantissa);
    if value.is_sign_negative() {
        numerator = -numerator;
    }
    match u64::try_from(exponent) {
        Ok(exponent) => (numerator << exponent, 0),
        Err(_) => (numerator, exponent.unsigned_abs()),
    }
}

/// A fraction: as an integer where it is whole, else as the nearest float.
pub(super) fn ratio(numerator: BigInt, denominator: BigInt) -> Result<Value, String> {
    let quotient = &numerator / &denominator;
    if &quotient * &denominator == numerator {
        return Ok(Value::integer(quotient));
    }
    // A quotient of 64 digits and one more that says whether anything is left
    // over rounds as the fraction itself does.
    let (above, below) = (numerator.bits(), denominator.bits());
    let shift = (below + 66).saturating_sub(above);
    let scaled = numerator << shift;
    let quotient = &scaled / &denominator;
    let rest = &quotient * &denominator != scaled;
    let sticky = match quotient.sign() {
        Sign::Minus => -(-quotient | BigInt::from(u8::from(rest))),
        _ => quotient | BigInt::from(u8::from(rest)),
    };
    let mut result = nearest(&sticky);
    if !result.is_finite() {
        return Err(too_large());
    }
    let mut left = shift;
    while left > 0 {
        let step = left.min(1000);
        result *= 2_f64.powi(-(step as i32));
        left -= step;
    }
    Ok(Value::Float(result))
}

/// The nearest float, ties to even; infinity beyond the largest.
fn nearest(value: &BigInt) -> f64 {
    let magnitude = value.magnitude();
    let shift = magnitude.bits().saturating_sub(64);
    let top = (magnitude >> shift).iter_u64_digits().next().unwrap_or(0);
    let rest = shift > 0
        && magnitude
            .trailing_zeros()
            .is_some_and(|zeros| zeros < shift);
    // The last of 64 bits is far below the 53 that count, and breaks ties.
    let mut float = (top | u64::from(rest)) as f64;
    float *= match i32::try_from(shift) {
        Ok(shift @ ..=1023) => 2_f64.powi(shift),
        _ => f64::INFINITY,
    };
    match value.sign() {
        Sign::Minus => -float,
        _ => float,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn big(text: &str) -> Value {
        Value::integer(text.parse().unwrap())
    }

    fn apply(operation: Operation, operand: impl Into<Value>, item: impl Into<Value>) -> String {
        let operand = Number::of(&operand.into()).unwrap();
        match Calculation::new(operation, operand).apply(item.into()) {
            Ok(Value::BigInt(value)) => value.to_string(),
            Ok(value) => format!("{value:?}"),
            Err(message) => message,
        }
    }

    use Operation::{Add, Divide, Multiply, Subtract};

    #[test]
    fn whole_results_of_integers_are_integers() {
        assert_eq!(apply(Multiply, 2.0, 5), "Int(10)");
        assert_eq!(apply(Multiply, 0.5, 5), "Float(2.5)");
        assert_eq!(apply(Multiply, 0.5, 4), "Int(2)");
        assert_eq!(apply(Add, 0.5, 1), "Float(1.5)");
        assert_eq!(apply(Subtract, -0.0, 1), "Int(1)");
        assert_eq!(apply(Divide, 2, 7), "Float(3.5)");
        assert_eq!(apply(Divide, 2, 8), "Int(4)");
        assert_eq!(apply(Divide, 0.25, 1), "Int(4)");
        assert_eq!(apply(Multiply, 2, 1.5), "Float(3.0)");
    }

    #[test]
    fn no_digit_is_lost() {
        assert_eq!(apply(Multiply, 2.0, i64::MAX), "18446744073709551614");
        assert_eq!(
            apply(Add, 1.0, 9_007_199_254_740_993),
            "Int(9007199254740994)"
        );
        assert_eq!(apply(Divide, -1, i64::MIN), "9223372036854775808");
        assert_eq!(
            apply(Subtract, 1, big("9223372036854775808")),
            "Int(9223372036854775807)"
        );
        assert_eq!(
            apply(Multiply, 0.5, big("100000000000000000002")),
            "50000000000000000001"
        );
        assert_eq!(
            apply(Multiply, 1.5, 9_007_199_254_740_993),
            "Float(1.351079888211149e16)"
        );
        assert_eq!(apply(Multiply, 1e300, 3).len(), 301);
        assert_eq!(
            apply(Divide, 3, big("100000000000000000000000")),
            "Float(3.333333333333333e22)"
        );
    }

    #[test]
    fn what_has_no_result_says_so() {
        for operand in [Value::Int(0), Value::Float(0.0), Value::Float(-0.0)] {
            for item in [
                Value::Int(1),
                Value::Float(1.0),
                Value::Float(f64::NAN),
                big("99999999999999999999"),
            ] {
                assert_eq!(apply(Divide, operand.clone(), item), "division by zero");
            }
        }
        let huge = Value::integer(BigInt::from(1) << 2000);
        assert!(apply(Multiply, huge.clone(), 1.0).contains("largest float"));
        assert!(apply(Divide, 3, huge).contains("largest float"));
    }

    #[test]
    fn nan_and_the_infinities_go_through() {
        assert_eq!(apply(Multiply, f64::NAN, 1), "Float(NaN)");
        assert_eq!(apply(Multiply, f64::INFINITY, 0), "Float(NaN)");
        assert_eq!(apply(Add, f64::INFINITY, i64::MIN), "Float(inf)");
        assert_eq!(
            apply(Subtract, f64::INFINITY, big("99999999999999999999")),
            "Float(-inf)"
        );
        assert_eq!(apply(Divide, f64::INFINITY, 5), "Float(0.0)");
        assert_eq!(apply(Multiply, 2, f64::NEG_INFINITY), "Float(-inf)");
    }

    #[test]
    fn lists_go_element_by_element_and_no_deeper() {
        let half = |item| {
            Calculation::new(Multiply, Number::Float(0.5))
                .apply(item)
                .unwrap()
        };
        assert_eq!(
            half(Value::Ints(vec![1, 2])),
            Value::List(vec![Value::Float(0.5), Value::Int(1)])
        );
        assert_eq!(half(Value::Floats(vec![1.0])), Value::Floats(vec![0.5]));
        let others = vec![
            Value::Bool(true),
            Value::Null,
            "x".into(),
            Value::Ints(vec![1]),
        ];
        assert_eq!(half(Value::List(others.clone())), Value::List(others));
        let overflow =
            Calculation::new(Multiply, Number::Int(2)).apply(Value::Ints(vec![1, i64::MAX]));
        assert_eq!(
            overflow,
            Ok(Value::List(vec![
                Value::Int(2),
                big("18446744073709551614")
            ]))
        );
    }

    proptest! {
        /// Floats print with as many digits as tell them apart, and parsing
        /// rounds correctly: an independent way to the nearest float.
        #[test]
        fn nearest_rounds_as_parsing_does(digits in "[1-9][0-9]{0,330}", negative in any::<bool>()) {
            let text = if negative { format!("-{digits}") } else { digits };
            let value: BigInt = text.parse().unwrap();
            prop_assert_eq!(nearest(&value), text.parse::<f64>().unwrap());
        }

        #[test]
        fn parts_hold_the_whole_float(value in prop::num::f64::ANY.prop_filter("finite", |f| f.is_finite())) {
            let (numerator, shift) = parts(value);
            let mut back = nearest(&numerator);
            let mut left = shift;
            while left > 0 {
                let step = left.min(1000);
                back *= 2_f64.powi(-(step as i32));
                left -= step;
            }
            prop_assert_eq!(back, value);
        }

        /// Where floats hold everything exactly, both ways must agree.
        #[test]
        fn fractions_agree_with_floats(item in -1_000_000_i64..1_000_000, operand in -4000_i32..4000) {
            let operand = f64::from(operand) / 8.0;
            for operation in [Add, Subtract, Multiply] {
                let calculation = Calculation::new(operation, Number::Float(operand));
                let by_fractions = calculation.big(&BigInt::from(item)).unwrap();
                prop_assert_eq!(calculation.integer(item).unwrap(), by_fractions);
            }
        }

        #[test]
        fn division_rounds_once(item in any::<i64>(), operand in any::<i32>().prop_filter("", |n| *n != 0)) {
            let calculation = Calculation::new(Divide, Number::Int(operand.into()));
            prop_assert_eq!(calculation.integer(item).unwrap(), calculation.big(&BigInt::from(item)).unwrap());
        }
    }
}
