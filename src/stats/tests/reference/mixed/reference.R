# Simulates students of teachers in schools and writes what lme4 and lmerTest say about six mixed models.
#
# Needs R with lme4, lmerTest and jsonlite (Debian: r-cran-lme4, r-cran-lmertest, r-cran-jsonlite). Not needed to run the tests.
# Run in this folder: Rscript reference.R
suppressMessages({
  library(lme4)
  library(lmerTest)
  library(jsonlite)
})
set.seed(11)
n <- 720
school <- rep(1:24, each = 30)
teacher <- school * 10 + rep(rep(1:3, each = 10), 24)
year <- sample(1:6, n, replace = TRUE)
x <- round(rnorm(n) + 0.3 * rnorm(24)[school], 4)
u <- round(rnorm(24), 4)[school]
w <- sample(c(0.5, 1, 2), n, replace = TRUE)
slope <- 0.4 + 0.3 * rnorm(24)
level <- 0.8 * rnorm(24)
y <- 50 + 0.5 * u + slope[school] * x + level[school] + 0.5 * rnorm(1000)[teacher] + 0.3 * rnorm(6)[year] + rnorm(n) / sqrt(w)
# Not a trace of schools: their variance is estimated as zero.
z <- rnorm(n) + 0.2 * x
z <- z - ave(z, school) + 0.01 * rnorm(24)[school]
d <- data.frame(y = round(y, 5), z = round(z, 5), x = x, u = u, w = w, school = school, teacher = teacher, year = year)
write.csv(d, "pupils.csv", row.names = FALSE, quote = FALSE)

# Tight enough that the reference itself is right to better than the tolerance of the tests.
control <- lmerControl(optimizer = "nloptwrap", calc.derivs = FALSE, check.conv.singular = "ignore",
                       optCtrl = list(xtol_abs = 1e-13, xtol_rel = 1e-13, ftol_abs = 1e-14, ftol_rel = 1e-16, maxeval = 1e5))
models <- list(
  intercept = list(y ~ x + u + (1 | school), TRUE, FALSE),
  slope = list(y ~ x * u + (x | school), TRUE, FALSE),
  slope_ml = list(y ~ x * u + (x | school), FALSE, FALSE),
  uncorrelated = list(y ~ x + (x || school), TRUE, FALSE),
  weighted_slope = list(y ~ x + (x | school), TRUE, TRUE),
  nested_and_crossed = list(y ~ x + u + (1 | school) + (1 | teacher) + (1 | year), TRUE, FALSE),
  singular = list(z ~ x + (1 | school), TRUE, FALSE)
)
out <- list()
for (name in names(models)) {
  m <- models[[name]]
  fit <- if (m[[3]]) lmerTest::lmer(m[[1]], d, REML = m[[2]], weights = w, control = control)
         else lmerTest::lmer(m[[1]], d, REML = m[[2]], control = control)
  table <- coef(summary(fit, ddf = "Satterthwaite"))
  v <- as.data.frame(VarCorr(fit))
  modes <- ranef(fit, condVar = FALSE)
  out[[name]] <- list(
    model = deparse1(m[[1]]), method = if (m[[2]]) "REML" else "ML", weighted = m[[3]],
    criterion = if (m[[2]]) REMLcrit(fit) else deviance(fit, REML = FALSE),
    term = rownames(table), estimate = table[, "Estimate"], se = table[, "Std. Error"], df = table[, "df"], p = table[, "Pr(>|t|)"],
    group = v$grp, var1 = v$var1, var2 = v$var2, vcov = v$vcov,
    modes = lapply(modes, function(g) list(level = as.integer(rownames(g)), term = names(g), value = unname(as.list(g)))),
    singular = isSingular(fit)
  )
}
write(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null"), "mixed.expected.json")
