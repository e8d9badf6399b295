# Growth percentiles by quantreg's Barrodale-Roberts on a cubic B-spline of the prior score (splines::bs), and a median regression.
#
#     Rscript reference.R        # r-base-core, r-cran-quantreg, r-cran-jsonlite; writes scores.csv and growth.expected.json
suppressMessages(library(quantreg))
library(splines)
library(jsonlite)
set.seed(1211)
n <- 397
prior <- round(rnorm(n, 500, 40), 2)
current <- round(60 + 0.9 * prior + rnorm(n) * (15 + 0.05 * abs(prior - 480)), 2)
hours <- round(rgamma(n, 2, 0.2), 3)
write.csv(data.frame(prior, current, hours), "scores.csv", row.names = FALSE, quote = FALSE)
d <- read.csv("scores.csv")
knots <- quantile(d$prior, c(.2, .4, .6, .8), names = FALSE)
boundary <- range(d$prior) + c(-.1, .1) * diff(range(d$prior))
X <- bs(d$prior, knots = knots, Boundary.knots = boundary)
taus <- (1:100 - .5) / 100
fit <- suppressWarnings(rq(d$current ~ X, tau = taus, method = "br"))
rho <- function(e, tau) sum(e * (tau - (e < 0)))
cuts <- fitted(fit)
sgp <- sapply(seq_len(n), function(i) {
  below <- sum(sort(cuts[i, ]) < d$current[i] - 1e-9 * (1 + abs(d$current[i])))
  min(max(below, 1), 99)
})
median <- rq(current ~ prior + hours, tau = .5, data = d, method = "br")
upper <- rq(current ~ prior + hours, tau = .9, data = d, method = "br")
u <- unbox
write(toJSON(list(
  made_by = u(paste("reference.R with", R.version.string, "quantreg", packageVersion("quantreg"))),
  knots = knots, boundary = boundary, percentiles = sgp,
  objective = sapply(seq_along(taus), function(k) rho(residuals(fit)[, k], taus[k])),
  coefficients = t(coef(fit)),
  plain = list(list(tau = u(.5), coefficients = unname(coef(median)), objective = u(rho(residuals(median), .5))),
               list(tau = u(.9), coefficients = unname(coef(upper)), objective = u(rho(residuals(upper), .9))))
), digits = NA), "growth.expected.json")
cat("percentiles", range(sgp), "median", stats::median(sgp), "\n")
