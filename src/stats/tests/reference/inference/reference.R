# Shrinkage by metafor, adjusted p-values by p.adjust, effect sizes by metafor, power by pwr.
#
#     Rscript reference.R        # r-base-core, r-cran-metafor, r-cran-pwr, r-cran-jsonlite; writes r.expected.json
suppressMessages(library(metafor))
library(pwr)
library(jsonlite)
set.seed(20260801)
u <- unbox
each <- function(...) lapply(list(...), u)
tight <- list(threshold = 1e-13, maxiter = 1000, tol = 1e-13)
k <- 24
s <- round(runif(k, .04, .15), 4)
y <- round(rnorm(k, .08, sqrt(.06^2 + s^2)), 4)
shrinkage <- lapply(c("PM", "DL", "REML"), function(method) {
  fit <- rma(y, sei = s, method = method, control = tight)
  b <- blup(fit)
  list(method = u(method), variance = u(fit$tau2), mean = u(drop(fit$beta)), mean_se = u(fit$se), q = u(fit$QE), q_p = u(fit$QEp),
       i2 = u(fit$I2), blup = b$pred, blup_se = b$se)
})
same <- rma(rep(.1, 6) + c(-1, 1, 0, 0, 1, -1) * .01, sei = rep(.1, 6), method = "PM")
p <- round(c(runif(8), runif(12)^4), 6)
adjusted <- lapply(c("bonferroni", "holm", "hochberg", "BH", "BY"), function(m) list(method = u(m), p = p.adjust(p, m)))
g <- function(m1, s1, n1, m2, s2, n2) {
  e <- escalc("SMD", m1i = m1, sd1i = s1, n1i = n1, m2i = m2, sd2i = s2, n2i = n2)
  pooled <- sqrt(((n1 - 1) * s1^2 + (n2 - 1) * s2^2) / (n1 + n2 - 2))
  c(each(m1 = m1, s1 = s1, n1 = n1, m2 = m2, s2 = s2, n2 = n2, d = (m1 - m2) / pooled, exact_g = e$yi[1]))
}
sizes <- list(g(103, 5.5, 50, 100, 4.5, 50), g(51.2, 9.8, 31, 49.7, 11.1, 44), g(-.31, 1.1, 12, .05, .9, 9))
ttest <- function(n, d, alpha) each(n = n, d = d, alpha = alpha,
  power = pwr.t.test(n = n / 2, d = d, sig.level = alpha)$power)
# pwr counts both tails.
power <- list(ttest(200, .3, .05), ttest(400, .25, .05), ttest(120, .6, .01), ttest(60, .5, .05))
write(toJSON(list(
  made_by = u(paste("reference.R with", R.version.string, "metafor", packageVersion("metafor"), "pwr", packageVersion("pwr"))),
  effects = y, errors = s, shrinkage = shrinkage,
  none = list(effects = rep(.1, 6) + c(-1, 1, 0, 0, 1, -1) * .01, error = u(.1), variance = u(same$tau2), q = u(same$QE)),
  p = p, adjusted = adjusted, sizes = sizes, power = power
), digits = NA), "r.expected.json")
cat("done\n")
