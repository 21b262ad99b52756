use crate::support::Tc;

#[test]
fn an_id_is_translated_both_ways() {
    let tc = Tc::new();
    tc.run(&["slugid", "decode", "VESwp9JaRo-XkFN_bemBhw"])
        .stdout("5444b0a7-d25a-468f-9790-537f6de98187\n")
        .stderr("")
        .status(0);
    tc.run(&["slugid", "encode", "5444b0a7-d25a-468f-9790-537f6de98187"])
        .stdout("VESwp9JaRo-XkFN_bemBhw\n")
        .stderr("")
        .status(0);
    tc.run(&["slugid", "--json", "encode", "5444B0A7D25A468F9790537F6DE98187"])
        .stdout("\"VESwp9JaRo-XkFN_bemBhw\"\n")
        .status(0);
}

#[test]
fn an_id_may_start_with_dashes() {
    let tc = Tc::new();
    let uuid = "f954b0a7-d25a-468f-9790-537f6de98187\n";
    tc.run(&["slugid", "decode", "-VSwp9JaRo-XkFN_bemBhw"]).stdout(uuid).stderr("").status(0);
    tc.run(&["slugid", "decode", "--", "-VSwp9JaRo-XkFN_bemBhw"]).stdout(uuid).stderr("").status(0);
    tc.run(&["slugid", "decode", "-q", "-VSwp9JaRo-XkFN_bemBhw", "--color", "never"]).stdout(uuid).status(0);
    tc.run(&["slugid", "decode", "--VSwp9JRo-XkFN_bemBhw"])
        .stdout("fbe552c2-9f49-468f-9790-537f6de98187\n")
        .stderr("")
        .status(0);
}

#[test]
fn random_ids_are_ids() {
    let tc = Tc::new();
    let ran = tc.run(&["slugid"]);
    ran.stderr("").status(0);
    assert!(crate::support::is_slugid(ran.stdout.trim_end()), "{ran}");
    let ran = tc.run(&["slugid", "generate", "-n", "--count", "64"]);
    ran.stderr("").status(0);
    let ids: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(ids.len(), 64);
    assert!(ids.iter().all(|id| crate::support::is_slugid(id) && !id.starts_with(['-', '_'])), "{ran}");
    let ran = tc.run(&["slugid", "--count", "2", "--json"]);
    assert_eq!(ran.json().as_array().unwrap().len(), 2, "{ran}");
}

#[test]
fn a_name_has_one_id() {
    let tc = Tc::new();
    let ran = tc.run(&["slugid", "stable", "build", "test", "build"]);
    ran.stderr("").status(0);
    let ids: Vec<&str> = ran.stdout.lines().collect();
    assert!(ids[0] == ids[2] && ids[0] != ids[1], "{ran}");
    assert_ne!(tc.run(&["slugid", "stable", "build"]).stdout, tc.run(&["slugid", "stable", "build"]).stdout);
    // This must never change: people keep such IDs.
    tc.run(&["slugid", "stable", "a", "b", "--seed", "q"])
        .stdout("B-mBkRD5S_iTvaGGAfSSrA\ncAa-seLoTgKKPWyvqBS_VA\n")
        .stderr("")
        .status(0);
    tc.run(&["slugid", "stable", "a", "--seed", "q", "--json"])
        .stdout("{\n  \"a\": \"B-mBkRD5S_iTvaGGAfSSrA\"\n}\n")
        .status(0);
}

#[test]
fn what_is_no_id_is_refused() {
    let tc = Tc::new();
    tc.run(&["slugid", "decode", "nope"])
        .stdout("")
        .stderr(
            "error: invalid slug format 'nope'\n\
             hint: An ID is 22 characters of A-Z, a-z, 0-9, - and _: VESwp9JaRo-XkFN_bemBhw.\n",
        )
        .status(2);
    tc.run(&["slugid", "encode", "nope"])
        .stdout("")
        .stderr(
            "error: invalid uuid format 'nope'\n\
             hint: A UUID is 32 hexadecimal digits: 5444b0a7-d25a-468f-9790-537f6de98187.\n",
        )
        .status(2);
    for args in
        [&["slugid", "stable"][..], &["slugid", "--count", "many"], &["slugid", "--count", "-1"], &["slugid", "encod"]]
    {
        let ran = tc.run(args);
        ran.stdout("").status(2);
        assert!(ran.stderr.starts_with("error: "), "{ran}");
    }
    tc.run(&["slugid", "--nice", "decode", "VESwp9JaRo-XkFN_bemBhw"])
        .stdout("")
        .stderr("error: --nice and --count go with `tc slugid generate`\n")
        .status(2);
}
