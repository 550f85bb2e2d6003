//! temp
mod load; mod options; mod phones; mod server;
use load::Load;
fn main() -> anyhow::Result<()> {
    let o = options::Options::parse(lexopt::Parser::from_env())?.unwrap();
    let dir = tempfile::tempdir()?;
    let db = dir.path().join("db");
    let sql = format!("cat /usr/share/kamailio/db_sqlite/standard-create.sql /usr/share/kamailio/db_sqlite/sca-create.sql | sqlite3 {}", db.display());
    std::process::Command::new("sh").arg("-c").arg(sql).status()?;
    let modules = server::stock_modules()?;
    for m in &o.managers {
    for l in &o.lines {
        let t = std::time::Instant::now();
        let mut load = Load::new(server::Setup { modules: &modules, manager: m, database: &format!("sqlite://{}", db.display()) }, *l)?;
        println!("{m} {l} {:?} {:?}", load.subscription, t.elapsed());
        println!("{:?}", load.costs(o.volume)?);
        println!("{:?} {:?}", load.appearance(1000)?, t.elapsed());
    }}
    Ok(())
}
