# What mgcv says about a penalised spline of hours.csv: P-splines (bs = "ps", m = c(2, 2)) with k = 12, by REML and by GCV, alone and
# with 15 groups' effects. The clustered variance is written out: sandwich of the penalised fit plus Vp − Ve, cluster factor included.
#
# Needs R with mgcv and jsonlite (Debian: r-cran-mgcv, r-cran-jsonlite). Not needed to run the tests. Run in this folder: Rscript penalised.R
suppressMessages({
  library(mgcv)
  library(jsonlite)
})
d <- read.csv("hours.csv")
d$level <- factor(d$g %% 15)
at <- c(5, 15, 40)
one <- function(formula, method, absorbed) {
  fit <- gam(formula, data = d, method = method, control = gam.control(epsilon = 1e-13, newton = list(conv.tol = 1e-12), outerPIsteps = 0))
  new <- d[rep(1, 4), ]
  new$hours <- c(0, at)
  X <- predict(fit, new, type = "lpmatrix")
  C <- sweep(X[-1, ], 2, X[1, ])
  M <- model.matrix(fit)
  edf <- sum(fit$edf)
  G <- length(unique(d$g))
  bread <- fit$Vp / fit$sig2
  scores <- rowsum(M * residuals(fit, "response"), d$g)
  factor <- (nrow(d) - 1) / (nrow(d) - edf) * G / (G - 1)
  V <- bread %*% crossprod(scores) %*% bread * factor + fit$Vp - fit$Ve
  smooth <- grep("s(hours)", names(coef(fit)), fixed = TRUE)
  list(edf = sum(fit$edf[smooth]), sigma2 = fit$sig2, estimate = as.vector(C %*% coef(fit)),
       se = sqrt(diag(C %*% V %*% t(C))), bayes = sqrt(diag(C %*% fit$Vp %*% t(C))))
}
s <- y ~ s(hours, bs = "ps", m = c(2, 2), k = 12) + x
out <- list(
  at = at,
  reml = one(s, "REML"),
  gcv = one(s, "GCV.Cp"),
  effects = one(update(s, ~ . + level), "REML")
)
write(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE), "penalised.expected.json")
