//! Whether mail offered now would be taken: what `/readyz` says, and what a client is told.

use std::fs;

use crate::support::{
    installation::{Installation, both, skrynka},
    registries,
    smtp_client::SmtpClient,
};

#[tokio::test]
async fn mail_is_put_off_until_there_is_a_registry_and_then_taken() {
    let installation = Installation::without_registry();
    let server = installation.start();
    let mut client = SmtpClient::greeted(server.smtp).await;
    let recipients = [
        "RCPT TO:<school@docs.example.ua>",
        "RCPT TO:<nobody@docs.example.ua>",
        "RCPT TO:<postmaster>",
    ];
    client.codes(&["EHLO a", "MAIL FROM:<>"]).await;
    for recipient in recipients {
        let reply = client.command(recipient).await;
        assert!(reply.text.starts_with("451 4.3.0 "), "{recipient}: {}", reply.text);
    }

    let (config, file) = (installation.config_file(), installation.path().join("registry.toml"));
    fs::write(&file, registries::SCHOOL).unwrap();
    let mut apply = skrynka();
    apply.args(["registry", "apply", "--yes", "-c"]).args([&config, &file]);
    let applied = apply.output().unwrap();
    assert!(applied.status.success(), "{}", both(&applied));
    server.wait_for_log("a new registry is in force", 1);
    assert_eq!(client.codes(&recipients).await, [250, 550, 250]);
    assert!(server.stop().success());
}
