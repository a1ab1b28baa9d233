type A0 = BTreeMap<A1, A1>;
type A1 = BTreeMap<A2, A2>;
type A2 = BTreeMap<A3, A3>;
type A3 = BTreeMap<A4, A4>;
type A4 = BTreeMap<A5, A5>;
type A5 = BTreeMap<A6, A6>;
type A6 = BTreeMap<A7, A7>;
type A7 = BTreeMap<A8, A8>;
type A8 = BTreeMap<A9, A9>;
type A9 = BTreeMap<A10, A10>;
type A10 = BTreeMap<A11, A11>;
type A11 = BTreeMap<A12, A12>;
type A12 = BTreeMap<A13, A13>;
type A13 = BTreeMap<A14, A14>;
type A14 = BTreeMap<A15, A15>;
type A15 = BTreeMap<A16, A16>;
type A16 = BTreeMap<A17, A17>;
type A17 = BTreeMap<A18, A18>;
type A18 = BTreeMap<A19, A19>;
type A19 = BTreeMap<A20, A20>;
type A20 = BTreeMap<A21, A21>;
type A21 = BTreeMap<A22, A22>;
type A22 = u8;
#[derive(Archive)]
struct S {
    a: A0,
}
