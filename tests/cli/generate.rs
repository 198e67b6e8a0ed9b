use crate::workshop::Workshop;

/// The commands that have a page of their own.
const COMMANDS: [&str; 7] = [
    "check", "explain", "generate", "inspect", "probe", "proxy", "watch",
];

#[test]
fn each_command_has_a_man_page_and_shells_know_them_all() {
    let workshop = Workshop::new();
    assert_eq!(workshop.json("generate out").0, 0);
    let read =
        |name: &str| std::fs::read_to_string(workshop.path().join("out").join(name)).unwrap();
    assert!(read("mtls.1").contains(".SH NAME"));
    for command in COMMANDS {
        let page = read(&format!("mtls-{command}.1"));
        assert!(page.contains("Example"), "{command}");
        for shell in ["mtls.bash", "_mtls", "mtls.fish", "mtls.elv", "_mtls.ps1"] {
            assert!(read(shell).contains(command), "{shell} {command}");
        }
    }
}

#[test]
fn every_help_has_an_example() {
    let workshop = Workshop::new();
    for command in COMMANDS {
        let help = workshop.run(&format!("{command} --help"));
        assert!(
            help.success() && help.stdout.contains("Example"),
            "{help:#?}"
        );
        for line in help.stdout.lines() {
            assert!(line.chars().count() <= 80, "{command}: {line}");
        }
    }
}
